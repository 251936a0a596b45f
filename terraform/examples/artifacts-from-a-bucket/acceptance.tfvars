# Replace the zeros by your account and by the id of a knowledge base. The .s3.tfbackend file names the account too.
allowed_account_ids = ["000000000000"]
artifact_bucket     = "selador-artifacts-000000000000-us-east-1" # make bootstrap creates it, and prints its name
authorization       = "iam"
environment         = "acceptance"
knowledge_base_id   = "0000000000"
model_arn           = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
region              = "us-east-1"
