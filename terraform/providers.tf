# Endpoints and credentials come only from environment variables (AWS_ENDPOINT_URL, AWS_PROFILE, …). So one configuration
# is applied both to AWS and to the laptop's control plane.
provider "aws" {
  allowed_account_ids = var.allowed_account_ids
  region              = var.region

  default_tags {
    tags = merge(
      var.tags,
      { environment = var.environment, project = var.project },
      var.protected ? { protected = "true" } : {},
    )
  }
}
