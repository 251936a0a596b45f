data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  _partition = data.aws_partition.current.partition
  _place     = "${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"

  log_group_name = "/aws/lambda/${var.name}"

  # Built from names, so that the plan shows every policy in full, and the API can refer to the alias without waiting for
  # it.
  alias_arn     = "${local.arn}:live"
  arn           = "arn:${local._partition}:lambda:${local._place}:function:${var.name}"
  invoke_arn    = "arn:${local._partition}:apigateway:${data.aws_region.current.id}:lambda:path/2015-03-31/functions/${local.alias_arn}/invocations"
  log_group_arn = "arn:${local._partition}:logs:${local._place}:log-group:${local.log_group_name}"
}

# Terraform creates the log group before the function. Otherwise Lambda creates one when the function first logs, and
# keeps its lines for ever (TF-21).
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:each environment chooses how long it keeps its lines; prod keeps them 90 days
  name              = local.log_group_name
  kms_key_id        = one(var.kms_key[*].arn)
  retention_in_days = var.log_retention_days

  lifecycle {
    postcondition {
      condition     = self.arn == null || self.arn == local.log_group_arn # null if its creation failed, which says so itself
      error_message = "The log group's ARN is ${self.arn}, but the role names ${local.log_group_arn}."
    }
  }
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116:callers only invoke it synchronously (LAM-40), so a dead-letter queue of its own would stay empty
  #checkov:skip=CKV_AWS_117:it only calls public endpoints over TLS; a VPC would add NAT and longer cold starts
  #checkov:skip=CKV_AWS_272:a postcondition compares the hash of the deployed code with the manifest's
  function_name = var.name
  # A plan that creates the key does not know its ARN yet, and the provider takes an unknown ARN for no change. It then
  # plans no new version, publishes one anyway, and fails half-way ("inconsistent final plan"). The changed description
  # makes it plan the version.
  description = var.kms_key == null ? var.description : "${var.description} Its variables are encrypted by a customer's key."

  architectures    = [var.artifact.architecture]
  filename         = var.artifact.bucket == null ? var.artifact.path : null
  handler          = var.handler
  runtime          = var.artifact.runtime
  s3_bucket        = var.artifact.bucket
  s3_key           = var.artifact.bucket == null ? null : var.artifact.key
  source_code_hash = var.artifact.sha256_base64

  kms_key_arn                    = one(var.kms_key[*].arn)
  memory_size                    = var.memory_mb
  publish                        = true
  reserved_concurrent_executions = coalesce(var.reserved_concurrency, -1)
  role                           = aws_iam_role.this.arn
  timeout                        = var.timeout_seconds

  environment {
    variables = var.environment_variables
  }

  # Both levels are Lambda's defaults. They stand here because a higher one loses data: application lines without a
  # level, such as metrics, count as INFO, and a system level of WARN drops each invocation's report (LAM-36).
  logging_config {
    application_log_level = "INFO"
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    system_log_level      = "INFO"
  }

  dynamic "snap_start" {
    for_each = var.snap_start_enabled ? ["PublishedVersions"] : []

    content {
      apply_on = snap_start.value
    }
  }

  tracing_config {
    mode = var.tracing_enabled ? "Active" : "PassThrough"
  }

  lifecycle {
    postcondition {
      condition     = self.arn == null || self.arn == local.arn # null if its creation failed, which says so itself
      error_message = "The function's ARN is ${self.arn}, but the role names ${local.arn}."
    }

    postcondition {
      # CodeSha256 is the Base64 of the zip's SHA-256 (LAM-48). While a plan publishes a new version, the version is
      # unknown and the hash is still the old one's. Asking for the version first, which is never empty, makes
      # Terraform judge this after the apply.
      condition     = self.version == "" || self.code_sha256 == var.artifact.sha256_base64
      error_message = "Lambda runs code with the hash ${self.code_sha256}, but the manifest says ${var.artifact.sha256_base64}: these are not the bytes that were built."
    }
  }

  # What a new version may do in addition, it may do before it starts.
  depends_on = [aws_iam_role_policy.this]
}

# API Gateway and the queue call this alias. A new version gets all calls at once or, with a canary, its share of them.
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that serves."
  function_name    = aws_lambda_function.this.function_name
  function_version = var.canary == null ? aws_lambda_function.this.version : var.canary.stable_version

  # Before a next version there is none to share calls with, and Lambda refuses a share of the stable one's own (LAM-57).
  dynamic "routing_config" {
    for_each = try(aws_lambda_function.this.version != var.canary.stable_version, false) ? [var.canary.weight] : []

    content {
      additional_version_weights = { (aws_lambda_function.this.version) = routing_config.value }
    }
  }

  lifecycle {
    # An alias goes with its function. Terraform alone would try to change it.
    replace_triggered_by = [aws_lambda_function.this.arn]

    postcondition {
      condition     = self.arn == null || (self.arn == local.alias_arn && self.invoke_arn == local.invoke_arn)
      error_message = "The alias's ARN is ${self.arn} and API Gateway calls ${self.invoke_arn}, but callers were told ${local.alias_arn} and ${local.invoke_arn}."
    }
  }

  depends_on = [var.serves_after]
}
