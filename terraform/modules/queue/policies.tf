# What each queue refuses, whatever a caller's own policies allow.
data "aws_iam_policy_document" "queue" {
  for_each = {
    this        = local.arn
    dead_letter = local.dead_letter_arn
  }

  statement {
    sid       = "RefuseInsecureTransport" # SQS-32
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "RefuseForeignAccounts"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:PrincipalAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "consume" {
  # ChangeMessageVisibility is for the lease that the function keeps; the mapping itself needs the other three (ESM-12).
  statement {
    sid = "ConsumeRequests"
    actions = [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
    ]
    resources = [local.arn]
  }

  dynamic "statement" {
    for_each = var.kms_key[*]

    content {
      sid       = "DecryptRequests" # SQS-31
      actions   = ["kms:Decrypt"]
      resources = [statement.value.arn]
    }
  }
}

data "aws_iam_policy_document" "send" {
  statement {
    sid       = "SendRequests"
    actions   = ["sqs:SendMessage"]
    resources = [local.arn]
  }

  dynamic "statement" {
    for_each = var.kms_key[*]

    content {
      sid       = "EncryptRequests" # SQS-31
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value.arn]
    }
  }
}
