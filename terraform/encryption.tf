# One key encrypts all that the environment stores: requests, logs, alarms and the functions' environment variables. It is
# the organization's, or the environment's own.

locals {
  # An object, not only the ARN: the plan that creates the key must know that there is one. While a refresh finds no key,
  # there is no aws_kms_key.this[0], and none is used.
  kms_key = var.kms_key_arn != null ? { arn = var.kms_key_arn } : one([for key in aws_kms_key.this : { arn = key.arn }])

  _log_group_arns = [
    for name in concat(
      # The execution log's name begins with the id of the API, which the plan that creates the key does not know yet.
      ["/aws/apigateway/${local.name_prefix}/access", "/aws/apigateway/*/${local.stage_name}"],
      var.jwt == null ? [] : ["/aws/lambda/${local.authorizer_name}"],
      ["/aws/lambda/${local.main_name}", "/aws/lambda/${local.websocket_handler_name}"],
      ) : join(":", [
        "arn", data.aws_partition.current.partition, "logs", data.aws_region.current.id,
        data.aws_caller_identity.current.account_id, "log-group", name,
    ])
  ]
}

resource "aws_kms_key" "this" {
  count = var.customer_managed_key_enabled ? 1 : 0

  description             = "Encrypts the requests, logs, alarms and environment variables of ${local.name_prefix}."
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json

  lifecycle {
    # A key whose deletion is scheduled neither encrypts nor decrypts. So it goes when queues and functions have let go
    # of it. It has no name, and the order spreads to nothing, since it depends on no resource.
    create_before_destroy = true
  }
}

resource "aws_kms_alias" "this" {
  count = var.customer_managed_key_enabled ? 1 : 0

  name          = "alias/${local.name_prefix}"
  target_key_id = aws_kms_key.this[0].key_id
}

# SQS, SNS and Lambda use the key with their caller's permissions. CloudWatch and CloudWatch Logs use it under their own
# names, so the key's policy must let them.
data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:a key policy applies only to its own key, which the account administers
  #checkov:skip=CKV_AWS_111:a key policy applies only to its own key, which the account administers
  #checkov:skip=CKV_AWS_356:"*" in a key policy means only its own key
  statement {
    sid       = "LetIamDecide" # without it, nobody could ever change the key
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
      identifiers = ["logs.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}"]
    }

    condition {
      test     = "ArnLike"
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
