# One key for all that the environment keeps: requests, logs, alarms and the functions' environment variables.

locals {
  # An object, not the ARN alone: whether there is a key has to be known in the plan that makes it.
  kms_key = var.customer_managed_key_enabled ? { arn = aws_kms_key.this[0].arn } : null

  _log_group_arns = [
    for name in concat(
      ["/aws/apigateway/${local.name_prefix}/access"],
      var.authorization == "jwt" ? ["/aws/lambda/${local.authorizer_name}"] : [],
      ["/aws/lambda/${local.main_name}", "/aws/lambda/${local.websocket_handler_name}"],
      ) : join(":", [
        "arn", data.aws_partition.current.partition, "logs", data.aws_region.current.name,
        data.aws_caller_identity.current.account_id, "log-group", name,
    ])
  ]
}

resource "aws_kms_key" "this" {
  count = var.customer_managed_key_enabled ? 1 : 0

  description             = "What ${local.name_prefix} keeps: requests, logs, alarms, environment variables."
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  count = var.customer_managed_key_enabled ? 1 : 0

  name          = "alias/${local.name_prefix}"
  target_key_id = aws_kms_key.this[0].key_id
}

# SQS, SNS and Lambda use the key with the rights of whoever calls them; CloudWatch and its logs come in their own name.
data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:a key's policy is about that key alone, and its account administers it
  #checkov:skip=CKV_AWS_111:a key's policy is about that key alone, and its account administers it
  #checkov:skip=CKV_AWS_356:a key's policy is about that key alone, which is what "*" means in it
  statement {
    sid       = "LetIamDecide" # without it nobody could ever change the key again
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  statement {
    sid = "EncryptLogs"
    actions = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${data.aws_region.current.name}.${data.aws_partition.current.dns_suffix}"]
    }

    condition {
      test     = "ArnEquals"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = local._log_group_arns
    }
  }

  statement {
    # CloudWatch reports no error if it may not use the topic's key: the alarm's message is lost (CW-31).
    sid       = "PublishAlarms"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}
