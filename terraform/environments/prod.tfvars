# Replace the zeros by your account and by the id of a knowledge base. The .s3.tfbackend file names the account too.
allowed_account_ids = ["000000000000"]
artifact_bucket     = "selador-artifacts-000000000000-us-east-1"
authorization       = "iam" # or "jwt", with the variable jwt; "none" lets in ANYONE who learns the URL
environment         = "prod"
knowledge_base_id   = "0000000000"
model_arn           = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
protected           = true
region              = "us-east-1"

log_retention_days = 90
main_function = {
  maximum_concurrency = 50
  memory_mb           = 1024
}
