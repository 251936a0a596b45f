resource "aws_iam_role" "this" {
  name               = var.name
  description        = "What the function ${var.name} may do."
  assume_role_policy = data.aws_iam_policy_document.trust_lambda.json
}

resource "aws_iam_role_policy" "this" {
  for_each = merge(
    var.policies,
    { write-logs = data.aws_iam_policy_document.write_logs.json },
    { for key in var.kms_key[*] : "decrypt-environment" => data.aws_iam_policy_document.decrypt_environment[0].json },
    var.tracing_enabled ? { write-traces = data.aws_iam_policy_document.write_traces.json } : {},
  )

  name   = each.key
  policy = each.value
  role   = aws_iam_role.this.name
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
