# For the laptop stack, which needs no AWS account and costs nothing.
allowed_account_ids = ["123456789012"]
authorization       = "none" # the laptop stack listens on 127.0.0.1 alone
environment         = "local"
knowledge_base_id   = "LOCALDOCS1"
model_arn           = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
region              = "us-east-1"
