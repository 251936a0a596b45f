data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  topic_name = "${var.name_prefix}-alarms"
  topic_arn = join(":", [
    "arn", data.aws_partition.current.partition, "sns", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id, local.topic_name,
  ])
}

resource "aws_sns_topic" "alarms" {
  name              = local.topic_name
  kms_master_key_id = one(var.kms_key[*].arn)
  policy            = data.aws_iam_policy_document.alarms_topic.json

  lifecycle {
    postcondition {
      condition     = self.arn == null || self.arn == local.topic_arn # null if its creation failed, which says so itself
      error_message = "The topic's ARN is ${self.arn}, but its policy names ${local.topic_arn}."
    }
  }
}

resource "aws_sns_topic_subscription" "person" {
  for_each = merge([
    for protocol, endpoints in var.subscriptions : {
      for endpoint in endpoints : "${protocol} ${endpoint}" => { endpoint = endpoint, protocol = protocol }
    }
  ]...)

  endpoint  = each.value.endpoint
  protocol  = each.value.protocol
  topic_arn = aws_sns_topic.alarms.arn
}

data "aws_iam_policy_document" "alarms_topic" {
  statement {
    # CloudWatch publishes under its own name, so the topic's policy must let it (CW-35).
    sid       = "PublishAlarms"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

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

  statement {
    sid       = "RefuseInsecureTransport"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

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
}
