provider "aws" {
  access_key                  = "none"
  region                      = "eu-central-1"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

variables {
  allowed_account_ids = ["111122223333"]
  region              = "eu-central-1"
}

run "leaves_the_log_role_of_an_account_alone" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    log_role_enabled = false
  }

  assert {
    condition     = length(aws_api_gateway_account.this) == 0 && length(aws_iam_role.api_gateway_logging) == 0
    error_message = "API Gateway would get another log role."
  }
}

run "gives_the_log_role_the_organizations_path_and_boundary" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    permissions_boundary = "arn:aws:iam::111122223333:policy/limits"
    role_path            = "/answers/"
  }

  assert {
    condition     = aws_iam_role.api_gateway_logging[0].path == "/answers/" && aws_iam_role.api_gateway_logging[0].permissions_boundary == "arn:aws:iam::111122223333:policy/limits"
    error_message = "The role is in ${aws_iam_role.api_gateway_logging[0].path}, within ${jsonencode(aws_iam_role.api_gateway_logging[0].permissions_boundary)}."
  }
}

run "refuses_a_project_whose_bucket_would_have_too_long_a_name_in_that_region" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    project = "twenty-letters-of-it"
    region  = "ap-southeast-1"
  }

  expect_failures = [var.project]
}
