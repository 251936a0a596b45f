# Replace the zeros by your account and by the id of a knowledge base. The .s3.tfbackend file names the account too.
allowed_account_ids = ["000000000000"]
authorization       = "jwt"
environment         = "answers"
knowledge_base_id   = "0000000000"
model_arn           = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
region              = "us-east-1"

custom_domain = {
  certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012"
  name            = "answers.example.com"
}

jwt = {
  audiences      = ["selador"]
  context_claims = ["tenant"]
  issuer         = "https://login.example.com/"
  jwks_url       = "https://login.example.com/.well-known/jwks.json"
}
