resource "aws_iam_role" "this" {
  name               = var.name
  description        = "What the function ${var.name} may do."
  assume_role_policy = data.aws_iam_policy_document.trust_lambda.json
}

resource "aws_iam_role_policy" "this" {
  for_each = merge(var.policies, { write-logs = data.aws_iam_policy_document.write_logs.json })

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
