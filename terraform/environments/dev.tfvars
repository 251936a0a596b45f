# Replace the zeros by your account and by the id of a knowledge base. The .s3.tfbackend file names the account too.
allowed_account_ids = ["000000000000"]
authorization       = "iam" # or "jwt", with the variable jwt; "none" lets in ANYONE who learns the URL
environment         = "dev"
knowledge_base_id   = "0000000000"
model_arn           = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
region              = "us-east-1"

log_retention_days = 14
