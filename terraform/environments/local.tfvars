# For the laptop stack, which needs no AWS account and costs nothing. It sets authorization itself, by the environment
# variable TF_VAR_authorization.
allowed_account_ids = ["123456789012"]
environment         = "local"
knowledge_base_id   = "LOCALDOCS1"
model_arn           = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
region              = "us-east-1"
