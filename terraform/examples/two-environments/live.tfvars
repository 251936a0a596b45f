# Replace the zeros by your account and by the id of a knowledge base. The .s3.tfbackend file names the account too.
allowed_account_ids = ["000000000000"]
authorization       = "iam"
environment         = "live"
knowledge_base_id   = "0000000000"
model_arn           = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
protected           = true # make destroy refuses it
region              = "us-east-1"

alarm_subscriptions = {
  email = ["on-call@example.com"]
}
log_retention_days = 90
main_function = {
  maximum_concurrency = 20
  memory_mb           = 1024
}
