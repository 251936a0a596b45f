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

override_resource {
  target = aws_cloudwatch_log_group.this
  values = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-main" }
}

override_resource {
  target = aws_iam_role.this
  values = { arn = "arn:aws:iam::111122223333:role/selador-test-main" }
}

override_resource {
  target = aws_iam_role_policy.this
}

override_resource {
  target = aws_iam_role_policy.until_served
}

override_resource {
  target = aws_iam_role_policies_exclusive.this
}

override_resource {
  target = aws_lambda_function.this
  values = {
    arn         = "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-main"
    code_sha256 = "wXhQRYTrTdtF3FwwpMZ5m6mh2u9SRAaPhZdMGXhcp2U="
    version     = "7"
  }
}

override_resource {
  target = aws_lambda_alias.live
  values = {
    arn        = "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-main:live"
    invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:selador-test-main:live/invocations"
  }
}

variables {
  artifact = {
    architecture  = "arm64"
    path          = "tests/artifacts/good/main.zip"
    runtime       = "python3.13"
    sha256_base64 = "wXhQRYTrTdtF3FwwpMZ5m6mh2u9SRAaPhZdMGXhcp2U="
  }
  description           = "Answers."
  environment_variables = { LOG_LEVEL = "INFO" }
  handler               = "selador_main.handler.handle"
  log_retention_days    = 30
  memory_mb             = 512
  name                  = "selador-test-main"
  policies              = { send-requests = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  timeout_seconds       = 900
}

# This run must be the first, since an override does not change a resource that an earlier run has created.
run "refuses_a_role_written_for_another_function" {
  command = plan

  override_resource {
    target          = aws_lambda_function.this
    override_during = plan
    values          = { arn = "arn:aws:lambda:eu-central-1:444455556666:function:selador-test-main" }
  }

  module {
    source = "./modules/function"
  }

  expect_failures = [aws_lambda_function.this]
}

run "refuses_code_that_is_not_what_the_manifest_states" {
  command   = plan
  state_key = "other_code"

  override_resource {
    target          = aws_lambda_function.this
    override_during = plan
    values = {
      arn         = "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-main"
      code_sha256 = "oMsLJy5AoKcfChaC5GZcaO+ZvKDov5MUj0bo5CeCEMY="
      version     = "7"
    }
  }

  module {
    source = "./modules/function"
  }

  expect_failures = [aws_lambda_function.this]
}

run "uploads_the_zip_or_takes_it_from_where_it_was_published" {
  command   = plan
  state_key = "published"

  variables {
    artifact = {
      architecture  = "arm64"
      bucket        = "selador-artifacts-111122223333-eu-central-1"
      key           = "artifacts/main/c178.zip"
      path          = "not/there.zip"
      runtime       = "python3.13"
      sha256_base64 = "wXhQRYTrTdtF3FwwpMZ5m6mh2u9SRAaPhZdMGXhcp2U="
    }
  }

  module {
    source = "./modules/function"
  }

  assert {
    condition = (
      aws_lambda_function.this.s3_bucket == "selador-artifacts-111122223333-eu-central-1"
      && aws_lambda_function.this.s3_key == "artifacts/main/c178.zip"
      && aws_lambda_function.this.filename == null
    )
    error_message = "The code comes from ${coalesce(aws_lambda_function.this.filename, "no file")}, s3://${aws_lambda_function.this.s3_bucket}/${aws_lambda_function.this.s3_key}."
  }
}

run "runs_the_artifact_as_the_manifest_describes_it_and_logs_json" {
  module {
    source = "./modules/function"
  }

  assert {
    condition = (
      aws_lambda_function.this.filename == var.artifact.path
      && aws_lambda_function.this.source_code_hash == var.artifact.sha256_base64
      && aws_lambda_function.this.runtime == "python3.13"
      && aws_lambda_function.this.architectures == tolist(["arm64"])
    )
    error_message = "The function runs another artifact, runtime or architecture than ${jsonencode(var.artifact)}."
  }

  assert {
    condition     = aws_lambda_function.this.timeout == 900 && aws_lambda_function.this.memory_size == 512
    error_message = "The function has ${aws_lambda_function.this.timeout} s and ${aws_lambda_function.this.memory_size} MB."
  }

  assert {
    condition = (
      aws_lambda_function.this.logging_config[0].log_format == "JSON"
      && aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/selador-test-main"
      && aws_cloudwatch_log_group.this.retention_in_days == 30
    )
    error_message = "The function logs by ${jsonencode(aws_lambda_function.this.logging_config)}, kept ${aws_cloudwatch_log_group.this.retention_in_days} days."
  }
}

run "publishes_a_version_that_the_alias_live_points_at" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_lambda_function.this.publish
    error_message = "The function isn't published."
  }

  assert {
    condition     = aws_lambda_alias.live.name == "live" && aws_lambda_alias.live.function_version == "7"
    error_message = "The alias ${aws_lambda_alias.live.name} points at version ${aws_lambda_alias.live.function_version}."
  }

  assert {
    condition = output.alias == {
      function_name   = "selador-test-main"
      invoke_arn      = aws_lambda_alias.live.invoke_arn
      qualifier       = "live"
      timeout_seconds = 900
    }
    error_message = "Callers are handed ${jsonencode(output.alias)}."
  }
}

run "lets_older_versions_work_until_they_are_replaced" {
  module {
    source = "./modules/function"
  }

  variables {
    kms_key         = { arn = "arn:aws:kms:eu-central-1:111122223333:key/a-key" }
    tracing_enabled = true

    policies = {
      read-a = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::a/*\",\"Sid\":\"A\"}]}"
      read-b = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\",\"Sid\":\"B\"}]}"
    }
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.until_served[0].policy).Statement : statement.Sid] == ["DecryptEnvironment", "A", "B", "WriteTraces"]
    error_message = "Until they are replaced, older versions may do ${aws_iam_role_policy.until_served[0].policy}."
  }

  assert {
    condition     = aws_iam_role_policies_exclusive.this.policy_names == toset(["decrypt-environment", "read-a", "read-b", "serve-until-replaced", "write-logs", "write-traces"])
    error_message = "The role's inline policies are ${jsonencode(aws_iam_role_policies_exclusive.this.policy_names)}."
  }
}

run "names_the_role_by_region_since_an_account_has_one_set_of_roles" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_iam_role.this.name == "selador-test-main-eu-central-1"
    error_message = "The role is called ${aws_iam_role.this.name}."
  }
}

run "puts_the_role_where_the_organization_wants_it_and_within_its_boundary" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    role = { path = "/answers/", permissions_boundary = "arn:aws:iam::111122223333:policy/limits" }
  }

  assert {
    condition     = aws_iam_role.this.path == "/answers/" && aws_iam_role.this.permissions_boundary == "arn:aws:iam::111122223333:policy/limits"
    error_message = "The role's path is ${aws_iam_role.this.path}, its boundary ${jsonencode(aws_iam_role.this.permissions_boundary)}."
  }
}

run "refuses_a_name_that_is_too_long_for_its_role" {
  command   = plan
  state_key = "long_name"

  module {
    source = "./modules/function"
  }

  variables {
    name = "selador-test-main-which-has-a-name-of-fifty-two-letters"
  }

  expect_failures = [aws_iam_role.this]
}

run "refuses_an_alias_by_another_name_than_callers_were_told" {
  command   = plan
  state_key = "other_alias"

  override_resource {
    target          = aws_lambda_alias.live
    override_during = plan
    values          = { arn = "arn:aws:lambda:eu-central-1:444455556666:function:selador-test-main:live" }
  }

  module {
    source = "./modules/function"
  }

  expect_failures = [aws_lambda_alias.live]
}

run "lets_lambda_of_this_account_do_what_was_handed_over_and_write_its_own_logs" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = keys(aws_iam_role_policy.this) == ["send-requests", "write-logs"]
    error_message = "The role has the policies ${join(", ", keys(aws_iam_role_policy.this))}."
  }

  assert {
    condition     = aws_iam_role_policy.this["send-requests"].policy == var.policies["send-requests"]
    error_message = "The policy that was handed over is now ${aws_iam_role_policy.this["send-requests"].policy}."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this["write-logs"].policy).Statement == [{
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:PutLogEvents", "logs:CreateLogStream"]
      Resource = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-main:*"
    }]
    error_message = "The policy for logs is ${aws_iam_role_policy.this["write-logs"].policy}."
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
    }]
    error_message = "The role's trust policy is ${aws_iam_role.this.assume_role_policy}."
  }
}

run "lets_the_role_decrypt_and_trace_where_that_is_switched_on_and_nothing_else" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    kms_key         = { arn = "arn:aws:kms:eu-central-1:111122223333:key/a-key" }
    tracing_enabled = true
  }

  assert {
    condition = { for name, policy in aws_iam_role_policy.this : name => jsondecode(policy.policy).Statement } == {
      decrypt-environment = [{
        Sid      = "DecryptEnvironment"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = "arn:aws:kms:eu-central-1:111122223333:key/a-key"
      }]
      send-requests = []
      write-logs = [{
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:PutLogEvents", "logs:CreateLogStream"]
        Resource = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-main:*"
      }]
      write-traces = [{
        Sid      = "WriteTraces"
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = "*"
      }]
    }
    error_message = "The role may do ${jsonencode({ for name, policy in aws_iam_role_policy.this : name => policy.policy })}."
  }

  assert {
    condition = (
      aws_lambda_function.this.kms_key_arn == "arn:aws:kms:eu-central-1:111122223333:key/a-key"
      && aws_cloudwatch_log_group.this.kms_key_id == "arn:aws:kms:eu-central-1:111122223333:key/a-key"
      && aws_lambda_function.this.tracing_config[0].mode == "Active"
      && aws_lambda_function.this.description != var.description
    )
    error_message = "Environment variables or logs aren't encrypted by the key, nothing is traced, or the description says nothing of the key."
  }
}

run "keeps_environments_and_begins_from_a_snapshot_where_that_is_switched_on" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    reserved_concurrency = 50
    snap_start_enabled   = true
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 50
    error_message = "${aws_lambda_function.this.reserved_concurrent_executions} environments are kept."
  }

  assert {
    condition     = aws_lambda_function.this.snap_start[0].apply_on == "PublishedVersions"
    error_message = "There are no snapshots: ${jsonencode(aws_lambda_function.this.snap_start)}."
  }
}

run "lets_the_stable_version_serve_and_gives_the_newest_a_share" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    canary = { stable_version = "6", weight = 0.25 }
  }

  assert {
    condition     = aws_lambda_alias.live.function_version == "6"
    error_message = "The alias points at version ${aws_lambda_alias.live.function_version}."
  }

  assert {
    condition     = aws_lambda_alias.live.routing_config[0].additional_version_weights == tomap({ "7" = 0.25 })
    error_message = "The shares are ${jsonencode(aws_lambda_alias.live.routing_config)}."
  }
}

run "lets_the_newest_version_serve_alone_while_it_is_the_stable_one" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    canary = { stable_version = "7", weight = 0.25 }
  }

  assert {
    condition     = aws_lambda_alias.live.function_version == "7" && length(aws_lambda_alias.live.routing_config) == 0
    error_message = "Version ${aws_lambda_alias.live.function_version} serves; the shares are ${jsonencode(aws_lambda_alias.live.routing_config)}."
  }
}

run "refuses_a_canary_of_no_published_version_and_one_that_gets_everything" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    canary               = { stable_version = "$LATEST", weight = 1 }
    reserved_concurrency = 0
  }

  expect_failures = [var.canary, var.reserved_concurrency]
}

run "accepts_lambdas_largest_memory" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    memory_mb = 10240
  }

  assert {
    condition     = aws_lambda_function.this.memory_size == 10240
    error_message = "The function has ${aws_lambda_function.this.memory_size} MB."
  }
}

run "refuses_what_lambda_refuses" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    artifact = {
      architecture  = "ppc64le"
      path          = "tests/artifacts/good/main.zip"
      runtime       = "python3.13"
      sha256_base64 = "wXhQRYTrTdtF3FwwpMZ5m6mh2u9SRAaPhZdMGXhcp2U="
    }
    memory_mb       = 127
    name            = "selador-test-a-name-one-longer-than-lambda-and-iam-allow-65-chars"
    timeout_seconds = 901
  }

  expect_failures = [var.artifact, var.memory_mb, var.name, var.timeout_seconds]
}
