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

run "makes_no_role_for_deployers_unless_one_is_asked_for" {
  command = plan

  module {
    source = "./bootstrap"
  }

  assert {
    condition     = length(aws_iam_role.deploy) + length(aws_iam_role.publish) + length(aws_iam_policy.deploy) + length(aws_iam_openid_connect_provider.github) == 0
    error_message = "There would be ${jsonencode(keys(aws_iam_role.deploy))}."
  }
}

run "lets_jobs_of_one_repository_take_the_roles_and_of_its_environment_the_deployers" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    deploy_roles = { dev = {}, prod = {} }
    github = {
      oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
      repository        = "ours/answers"
    }
    trusted_arns = ["arn:aws:iam::111122223333:root"]
  }

  assert {
    condition = { for role, trust in data.aws_iam_policy_document.trust_deployers : role => jsondecode(trust.json).Statement[0].Condition.StringLike["token.actions.githubusercontent.com:sub"] } == {
      dev-deploy  = "repo:ours/answers:environment:dev"
      dev-plan    = ["repo:ours/answers:pull_request", "repo:ours/answers:ref:refs/heads/main"]
      prod-deploy = "repo:ours/answers:environment:prod"
      prod-plan   = ["repo:ours/answers:pull_request", "repo:ours/answers:ref:refs/heads/main"]
      publish     = ["repo:ours/answers:ref:refs/heads/main", "repo:ours/answers:ref:refs/tags/*"]
    }
    error_message = "The subjects are ${jsonencode({ for role, trust in data.aws_iam_policy_document.trust_deployers : role => jsondecode(trust.json).Statement[0].Condition })}."
  }

  assert {
    condition = alltrue([for trust in data.aws_iam_policy_document.trust_deployers :
      jsondecode(trust.json).Statement[0].Condition.StringEquals == { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" } &&
      jsondecode(trust.json).Statement[0].Principal == { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" } &&
      jsondecode(trust.json).Statement[1].Principal == { AWS = "arn:aws:iam::111122223333:root" }
    ])
    error_message = "The trust is ${jsonencode([for trust in data.aws_iam_policy_document.trust_deployers : trust.json])}."
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "A second provider would be made for GitHub."
  }

  assert {
    condition = alltrue([for one in values(aws_iam_role_policy_attachment.deploy) :
      startswith(one.role, "selador-dev-") || startswith(one.role, "selador-prod-")
    ]) && length([for key in keys(aws_iam_role_policy_attachment.deploy) : key if strcontains(key, "-plan ") && strcontains(key, "-deploy-")]) == 0
    error_message = "The attachments are ${jsonencode(keys(aws_iam_role_policy_attachment.deploy))}."
  }
}

run "demands_the_boundary_of_every_role_that_a_deployer_makes" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    deploy_roles = {
      dev = { names = { main = "answers" } }
    }
    permissions_boundary = "arn:aws:iam::111122223333:policy/limits"
    role_path            = "/answers/"
    trusted_arns         = ["arn:aws:iam::111122223333:root"]
  }

  assert {
    condition = alltrue([for statement in flatten([for policy in aws_iam_policy.deploy : jsondecode(policy.policy).Statement]) :
      try(statement.Condition.StringEquals["iam:PermissionsBoundary"], "") == "arn:aws:iam::111122223333:policy/limits"
      if contains(flatten([statement.Action]), "iam:CreateRole")
    ])
    error_message = "A role could be made without the boundary."
  }

  assert {
    condition     = anytrue([for policy in aws_iam_policy.deploy : strcontains(policy.policy, "arn:aws:iam::111122223333:role/answers/answers-eu-central-1")])
    error_message = "The policies don't name the function's role."
  }
}

run "refuses_roles_that_nobody_could_take" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    deploy_roles = { dev = {} }
  }

  expect_failures = [var.deploy_roles]
}

run "refuses_trust_in_every_repository_and_in_everybody" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    github       = { branch = "*", repository = "ours/*" }
    trusted_arns = ["*"]
  }

  expect_failures = [var.github, var.trusted_arns]
}

run "refuses_roles_for_an_environment_that_cant_be_part_of_a_name" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    deploy_roles = { Dev = {} }
    trusted_arns = ["arn:aws:iam::111122223333:root"]
  }

  expect_failures = [var.deploy_roles]
}
