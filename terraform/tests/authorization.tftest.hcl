# Who may connect: the authorizer's settings, and those that the root module refuses. TF_WORKSPACE must be "test".
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

override_data {
  target = module.alarms.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.authorizer[0].data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.main.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.queue.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.websocket_handler.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

variables {
  allowed_account_ids = ["111122223333"]
  authorization       = "jwt"
  dist_dir            = "tests/artifacts/good"
  environment         = "test"
  jwt = {
    audiences = ["selador"]
    issuer    = "https://issuer.example"
    jwks_url  = "https://issuer.example/jwks.json"
  }
  knowledge_base_id = "KB12345678"
  model_arn         = "arn:aws:bedrock:eu-central-1::foundation-model/a-model-v1:0"
  region            = "eu-central-1"
}

run "warns_in_every_plan_that_none_lets_anyone_in" {
  command = plan

  variables {
    authorization = "none"
    jwt           = null
  }

  assert {
    condition     = length(module.authorizer) == 0
    error_message = "There is an authorizer that nobody asks."
  }

  expect_failures = [check.authorization]
}

run "tells_the_authorizer_which_tokens_count" {
  command = plan

  variables {
    jwt = {
      algorithms      = ["RS256", "ES256"]
      audiences       = ["b", "a"]
      context_claims  = ["tenant"]
      issuer          = "https://issuer.example"
      jwks_url        = "https://issuer.example/jwks.json"
      query_parameter = "token"
    }
  }

  assert {
    condition = module.authorizer[0].environment_variables == tomap({
      JWKS_URL            = "https://issuer.example/jwks.json"
      JWT_ALGORITHMS      = "ES256 RS256"
      JWT_AUDIENCES       = "a b"
      JWT_CONTEXT_CLAIMS  = "tenant"
      JWT_ISSUER          = "https://issuer.example"
      JWT_QUERY_PARAMETER = "token"
      LOG_LEVEL           = "INFO"
    })
    error_message = "The authorizer is told ${jsonencode(module.authorizer[0].environment_variables)}."
  }

  assert {
    condition     = output.authorizer_function_name == "selador-test-authorizer"
    error_message = "The authorizer is ${output.authorizer_function_name}."
  }
}

run "lets_the_authorizer_write_its_logs_and_nothing_else" {
  command = plan

  assert {
    condition = { for name, policy in module.authorizer[0].role_policies : name => jsondecode(policy).Statement } == {
      write-logs = [{
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:PutLogEvents", "logs:CreateLogStream"]
        Resource = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-authorizer:*"
      }]
    }
    error_message = "The authorizer's role is ${jsonencode(module.authorizer[0].role_policies)}."
  }
}

run "lets_the_authorizers_logs_be_encrypted_by_the_key" {
  command = plan

  assert {
    condition = contains(
      jsondecode(data.aws_iam_policy_document.key.json).Statement[1].Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"],
      "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-authorizer",
    )
    error_message = "The key's policy is ${data.aws_iam_policy_document.key.json}."
  }
}

run "takes_rs256_alone_and_no_query_parameter_unless_told" {
  command = plan

  assert {
    condition = (
      module.authorizer[0].environment_variables["JWT_ALGORITHMS"] == "RS256"
      && module.authorizer[0].environment_variables["JWT_QUERY_PARAMETER"] == ""
      && module.authorizer[0].environment_variables["JWT_CONTEXT_CLAIMS"] == ""
    )
    error_message = "The defaults are ${jsonencode(module.authorizer[0].environment_variables)}."
  }
}

run "accepts_iam_without_an_authorizer" {
  command = plan

  variables {
    authorization = "iam"
    jwt           = null
  }

  assert {
    condition     = length(module.authorizer) == 0
    error_message = "There is an authorizer that nobody asks."
  }
}

run "refuses_an_unknown_authorization" {
  command = plan

  variables {
    authorization = "cognito"
    jwt           = null
  }

  expect_failures = [var.authorization]
}

run "refuses_jwt_without_its_settings" {
  command = plan

  variables {
    jwt = null
  }

  expect_failures = [var.jwt]
}

run "keeps_the_authorizer_while_jwt_is_set_though_no_route_asks_it" {
  command = plan

  variables {
    authorization = "iam"
  }

  assert {
    condition     = length(module.authorizer) == 1
    error_message = "The authorizer would go in the same apply in which the route stops asking it."
  }
}

run "refuses_keys_that_are_not_fetched_by_https" {
  command = plan

  variables {
    jwt = {
      audiences = ["selador"]
      issuer    = "https://issuer.example"
      jwks_url  = "http://issuer.example/jwks.json"
    }
  }

  expect_failures = [var.jwt]
}

run "refuses_an_algorithm_whose_key_is_a_shared_secret" {
  command = plan

  variables {
    jwt = {
      algorithms = ["RS256", "HS256"]
      audiences  = ["selador"]
      issuer     = "https://issuer.example"
      jwks_url   = "https://issuer.example/jwks.json"
    }
  }

  expect_failures = [var.jwt]
}

run "refuses_tokens_for_nobody_in_particular" {
  command = plan

  variables {
    jwt = {
      audiences = []
      issuer    = "https://issuer.example"
      jwks_url  = "https://issuer.example/jwks.json"
    }
  }

  expect_failures = [var.jwt]
}

run "refuses_a_query_parameter_that_would_have_to_be_escaped" {
  command = plan

  variables {
    jwt = {
      audiences       = ["selador"]
      issuer          = "https://issuer.example"
      jwks_url        = "https://issuer.example/jwks.json"
      query_parameter = "to ken"
    }
  }

  expect_failures = [var.jwt]
}

run "refuses_a_release_that_has_no_artifact_for_the_authorizer" {
  command = plan

  variables {
    artifact_bucket = "selador-artifacts-111122223333-eu-central-1"
    dist_dir        = "tests/artifacts/without_authorizer"
  }

  expect_failures = [var.dist_dir]
}

run "accepts_such_a_release_without_tokens" {
  command = plan

  variables {
    artifact_bucket = "selador-artifacts-111122223333-eu-central-1"
    authorization   = "iam"
    dist_dir        = "tests/artifacts/without_authorizer"
    jwt             = null
  }

  assert {
    condition     = length(module.authorizer) == 0
    error_message = "There is an authorizer that nobody asks."
  }
}
