locals {
  _defaults = {
    comparison = "GreaterThanOrEqualToThreshold"
    datapoints = null # all periods
    expression = null
    least      = 1
    missing    = "notBreaching" # a count has no data while all is well, and `missing` would hold an alarm (CW-25)
    part       = []
    period     = 60
    periods    = 1
    tells      = ["ALARM", "OK"]
    whole      = []
  }

  _written = merge(
    { for key, alarm in local._parts : key => merge(local._defaults, alarm, { severity = "part" }) },
    { for key, alarm in local._pages : key => merge(local._defaults, alarm, { severity = "page" }) },
    { for key, alarm in local._tickets : key => merge(local._defaults, alarm, { severity = "ticket" }) },
  )

  # `IF` has a point wherever the whole has one, so a minute without a failure is 0 and not missing (CW-52). So is one
  # without anything: otherwise CloudWatch would judge an older minute in its place (CW-26).
  _expressions = {
    for key, alarm in local._written : key => (
      alarm.expression != null ? alarm.expression : format(
        "FILL(IF(SUM([%[1]s]) > 0, IF(SUM([%[2]s]) >= %[3]d, 100 * SUM([%[2]s]) / SUM([%[1]s]), 0)), 0)",
        join(", ", alarm.whole), join(", ", alarm.part), alarm.least,
      )
    )
  }

  # Every metric alarm. `metrics` are those that its expression names; functions are in capitals.
  alarms = {
    for key, alarm in local._written : key => merge(alarm, {
      datapoints = coalesce(alarm.datapoints, alarm.periods)
      expression = local._expressions[key]
      metrics    = [for word in distinct(regexall("[a-z][a-z0-9_]*", local._expressions[key])) : word if contains(keys(local.metrics), word)]
    })
  }

  # All pages but the composite alarm over them, which alone notifies: so an incident wakes somebody once.
  pages = concat(keys(local._pages), keys(local._composite_pages))

  names = {
    for key in concat(keys(local.alarms), keys(local._composite_pages), ["answers-are-not-coming"]) : key => "${var.name_prefix}-${key}"
  }
  descriptions = {
    for key, alarm in merge(local.alarms, local._composite_pages, { answers-are-not-coming = local._answers_are_not_coming }) :
    key => "${alarm.broken} Look first: ${alarm.look}${contains(keys(local._parts), key) ? "" : " Runbook: ${var.runbook_base_url}${key}.md"}"
  }

  # If an alarm's own message can't arrive, that is told to both topics.
  _topics_of = {
    for key, alarm in local.alarms : key => (
      key == "notifications-fail" ? values(local.topic_arns) : alarm.severity == "ticket" ? [local.topic_arns.ticket] : []
    )
  }
}

# An alarm of another API is another alarm. The provider can't change one to an API that is still to be made: its plan for
# the metrics is not what it then finds, and the apply fails half-way.
resource "terraform_data" "api" {
  input = var.api.id
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = local.names[each.key]
  alarm_description = local.descriptions[each.key]

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id          = metric_query.value
      return_data = metric_query.value == each.value.expression

      metric {
        dimensions  = local.metrics[metric_query.value].dimensions
        metric_name = local.metrics[metric_query.value].name
        namespace   = local.metrics[metric_query.value].namespace
        period      = each.value.period
        stat        = local.metrics[metric_query.value].statistic
      }
    }
  }

  dynamic "metric_query" {
    for_each = contains(each.value.metrics, each.value.expression) ? [] : [each.value.expression]

    content {
      expression  = metric_query.value
      id          = "watched"
      label       = each.key
      return_data = true
    }
  }

  comparison_operator = each.value.comparison
  datapoints_to_alarm = each.value.datapoints
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing

  alarm_actions = contains(each.value.tells, "ALARM") ? local._topics_of[each.key] : []
  ok_actions    = contains(each.value.tells, "OK") ? local._topics_of[each.key] : []

  lifecycle {
    replace_triggered_by = [terraform_data.api]
  }
}

# CloudWatch deletes no alarm that a composite alarm names (VAL-09), and Terraform deletes before it changes. So when such
# an alarm goes, the composite alarms go before it and are made again.
resource "terraform_data" "alarms_of_pages" {
  input = [for key, alarm in aws_cloudwatch_metric_alarm.this : alarm.arn if local.alarms[key].severity != "ticket"]
}

resource "terraform_data" "composite_pages" {
  input = values(aws_cloudwatch_composite_alarm.page)[*].arn
}

resource "aws_cloudwatch_composite_alarm" "page" {
  for_each = local._composite_pages

  alarm_name        = local.names[each.key]
  alarm_description = local.descriptions[each.key]
  alarm_rule        = join(each.value.join, [for key in each.value.parts : "ALARM(\"${local.names[key]}\")"])

  lifecycle {
    replace_triggered_by = [terraform_data.alarms_of_pages]
  }

  depends_on = [aws_cloudwatch_metric_alarm.this] # the rule names them
}

resource "aws_cloudwatch_composite_alarm" "answers_are_not_coming" {
  alarm_name        = local.names.answers-are-not-coming
  alarm_description = local.descriptions.answers-are-not-coming
  alarm_rule        = join(" OR ", [for key in local.pages : "ALARM(\"${local.names[key]}\")"])

  alarm_actions = [local.topic_arns.page]
  ok_actions    = [local.topic_arns.page]

  actions_suppressor {
    alarm            = aws_cloudwatch_metric_alarm.this["maintenance"].alarm_name
    extension_period = 300 # what the maintenance has broken has time to heal
    wait_period      = 1   # maintenance is announced before it begins, so a page need not wait for it
  }

  lifecycle {
    replace_triggered_by = [terraform_data.composite_pages, terraform_data.alarms_of_pages]
  }

  depends_on = [aws_cloudwatch_metric_alarm.this, aws_cloudwatch_composite_alarm.page] # the rule names them
}
