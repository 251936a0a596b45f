data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

# Two topics, by how soon somebody must act. An organization may name its own instead.
locals {
  _own_topics = {
    page   = "${var.name_prefix}-alarms" # what the one topic of earlier releases is called
    ticket = "${var.name_prefix}-tickets"
  }
  _own_topic_arns = {
    for severity, name in local._own_topics : severity => join(":", [
      "arn", data.aws_partition.current.partition, "sns", data.aws_region.current.id,
      data.aws_caller_identity.current.account_id, name,
    ])
  }

  # By address, not by a known ARN: an alarm is created after the topic that it notifies. While a refresh finds no topic,
  # there is no such address, so the topics are looked through.
  topic_arns = {
    for severity in ["page", "ticket"] :
    severity => one(concat(var.topic_arns[severity][*], [for key, topic in aws_sns_topic.this : topic.arn if key == severity]))
  }
  _topic_names = {
    for severity, name in local._own_topics :
    severity => var.topic_arns[severity] != null ? reverse(split(":", var.topic_arns[severity]))[0] : name
  }

  # Who hears pages hears tickets, too, unless others are named. A subscription to pages keeps the key of earlier releases:
  # another key would be another subscription, which people would have to confirm again.
  _subscriptions = merge(flatten([
    for severity, endpoints_by_protocol in {
      page   = var.subscriptions.page
      ticket = coalesce(var.subscriptions.ticket, var.subscriptions.page)
      } : [
      for protocol, endpoints in endpoints_by_protocol : {
        for endpoint in endpoints :
        "${severity == "page" ? "" : "${severity} "}${protocol} ${endpoint}" => { endpoint = endpoint, protocol = protocol, severity = severity }
      }
    ] if var.topic_arns[severity] == null
  ])...)
}

resource "aws_sns_topic" "this" {
  for_each = { for severity, name in local._own_topics : severity => name if var.topic_arns[severity] == null }

  name              = each.value
  kms_master_key_id = one(var.kms_key[*].arn)
  policy            = data.aws_iam_policy_document.topic[each.key].json
}

moved {
  from = aws_sns_topic.alarms
  to   = aws_sns_topic.this["page"]
}

resource "aws_sns_topic_subscription" "person" {
  for_each = local._subscriptions

  endpoint  = each.value.endpoint
  protocol  = each.value.protocol
  topic_arn = aws_sns_topic.this[each.value.severity].arn
}

data "aws_iam_policy_document" "topic" {
  for_each = local._own_topic_arns

  statement {
    # CloudWatch publishes under its own name, so the topic's policy must let it (CW-35).
    sid       = "PublishAlarms"
    actions   = ["sns:Publish"]
    resources = [each.value]

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
}
