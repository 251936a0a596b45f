# Each queue refuses insecure transport and other accounts, even if a caller's own policies allow the call.
data "aws_iam_policy_document" "queue" {
  for_each = {
    this        = local.arn
    dead_letter = local.dead_letter_arn
  }

  statement {
    # AWS's security best practices for SQS enforce TLS by this statement (SQS-32).
    sid       = "RefuseInsecureTransport"
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
  # The event source mapping needs three of these; ChangeMessageVisibility is for the function, which extends its lease
  # by it (ESM-12).
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
      # A consumer of a queue encrypted by a KMS key must decrypt (SQS-31).
      sid       = "DecryptRequests"
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
      # A sender to a queue encrypted by a KMS key needs Decrypt as well as GenerateDataKey (SQS-31).
      sid       = "EncryptRequests"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value.arn]
    }
  }
}
