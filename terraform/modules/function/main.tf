data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  _partition = data.aws_partition.current.partition
  _place     = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"

  log_group_name = "/aws/lambda/${var.name}"

  # From names, so that every policy is readable in the plan.
  arn           = "arn:${local._partition}:lambda:${local._place}:function:${var.name}"
  log_group_arn = "arn:${local._partition}:logs:${local._place}:log-group:${local.log_group_name}"
}

# Made before the function, or Lambda makes one of its own, kept for ever, at the first line (TF-21).
resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days

  lifecycle {
    postcondition {
      condition     = self.arn == local.log_group_arn
      error_message = "The log group's ARN is ${self.arn}, but the role was written for ${local.log_group_arn}."
    }
  }
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = var.description

  architectures    = [var.artifact.architecture]
  filename         = var.artifact.path
  handler          = var.handler
  runtime          = var.artifact.runtime
  source_code_hash = var.artifact.sha256_base64

  memory_size = var.memory_mb
  publish     = true
  role        = aws_iam_role.this.arn
  timeout     = var.timeout_seconds

  environment {
    variables = var.environment_variables
  }

  # The levels are Lambda's defaults, stated because both can lose data: application lines without a level, such as
  # metrics, count as INFO, and a system level above INFO drops the report of each invocation (LAM-36).
  logging_config {
    application_log_level = "INFO"
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    system_log_level      = "INFO"
  }

  lifecycle {
    postcondition {
      condition     = self.arn == local.arn
      error_message = "The function's ARN is ${self.arn}, but the role was written for ${local.arn}."
    }
  }
}

# What API Gateway and the queue call: they change over to a new version at once, when it is there.
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that serves."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  # Whoever calls the alias calls a function that may do its work already.
  depends_on = [aws_iam_role_policy.this]
}
