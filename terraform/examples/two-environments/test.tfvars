# Replace the zeros by your account and by the id of a knowledge base. The .s3.tfbackend file names the account too.
allowed_account_ids = ["000000000000"]
authorization       = "iam"
environment         = "test"
knowledge_base_id   = "0000000000"
model_arn           = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
region              = "us-east-1"

# Both environments share the account's model quota. So this one may use little of it, and reserves nothing.
log_retention_days = 7
main_function = {
  maximum_concurrency = 2
}
throttling = {
  burst_limit = 5
  rate_limit  = 5
}
