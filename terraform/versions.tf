terraform {
  required_version = ">= 1.11.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # environments/<environment>.s3.tfbackend has the settings, since each environment keeps its state in its own account.
  backend "s3" {}
}
