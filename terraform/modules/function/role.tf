locals {
  # What the function's work takes, besides its log.
  _policies = merge(
    var.policies,
    { for key in var.kms_key[*] : "decrypt-environment" => data.aws_iam_policy_document.decrypt_environment[0].json },
    var.tracing_enabled ? { write-traces = data.aws_iam_policy_document.write_traces.json } : {},
  )
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-${data.aws_region.current.id}" # an account's roles are the same in all Regions
  description        = "What the function ${var.name} may do."
  assume_role_policy = data.aws_iam_policy_document.trust_lambda.json

  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary

  lifecycle {
    # A role that was created under an earlier name keeps it: a new name would be a new role.
    ignore_changes = [name]

    precondition {
      condition     = length(var.name) + length(data.aws_region.current.id) < 64
      error_message = "The role's name would be \"${var.name}-${data.aws_region.current.id}\", ${length(var.name) + length(data.aws_region.current.id) + 1} characters; IAM allows 64. Choose a shorter name, project or environment."
    }
  }
}

resource "aws_iam_role_policy" "this" {
  for_each = merge(local._policies, { write-logs = data.aws_iam_policy_document.write_logs.json })

  name   = each.key
  policy = each.value
  role   = aws_iam_role.this.name

  lifecycle {
    # IAM deletes no role that still has policies.
    replace_triggered_by = [aws_iam_role.this.unique_id]
  }
}

# The same permissions once more, changed only after the alias serves the new version. So while an apply runs, both the
# versions that stop serving and the one that begins may do their work: what is added is added before, and what is removed is
# removed afterwards.
resource "aws_iam_role_policy" "until_served" {
  count = length(local._policies) > 0 ? 1 : 0

  name   = "serve-until-replaced"
  policy = data.aws_iam_policy_document.policies.json
  role   = aws_iam_role.this.name

  lifecycle {
    replace_triggered_by = [aws_iam_role.this.unique_id]
  }

  depends_on = [aws_lambda_alias.live]
}

data "aws_iam_policy_document" "policies" {
  source_policy_documents = values(local._policies)
}

# An inline policy that somebody adds by hand is shown by the next plan, and removed by its apply.
resource "aws_iam_role_policies_exclusive" "this" {
  policy_names = concat([for policy in aws_iam_role_policy.this : policy.name], aws_iam_role_policy.until_served[*].name)
  role_name    = aws_iam_role.this.name

  lifecycle {
    replace_triggered_by = [aws_iam_role.this.unique_id]
  }
}

data "aws_iam_policy_document" "trust_lambda" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    # aws:SourceArn would not do: by AWS's page "Using source function ARN", Lambda sends it only if a function is the
    # target of the call.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "write_logs" {
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.log_group_arn}:*"]
  }
}

data "aws_iam_policy_document" "decrypt_environment" {
  count = length(var.kms_key[*])

  statement {
    sid       = "DecryptEnvironment"
    actions   = ["kms:Decrypt"]
    resources = var.kms_key[*].arn
  }
}

data "aws_iam_policy_document" "write_traces" {
  # The Service Authorization Reference, "Actions, resources, and condition keys for AWS X-Ray", lists no resource type
  # for these actions.
  statement {
    sid       = "WriteTraces"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"]
  }
}
