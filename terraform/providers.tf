# Endpoints and credentials come from the environment alone (AWS_ENDPOINT_URL, AWS_PROFILE, …), so that the laptop's
# control plane and AWS are applied to by one and the same configuration.
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
