output "alarms" {
  description = "Every alarm by its key: its `name`, and whether it is a `page`, a `ticket` or a `part` of another alarm."
  value = merge(
    { for key, alarm in local.alarms : key => { name = local.names[key], severity = alarm.severity } },
    { for key in concat(keys(local._composite_pages), ["answers-are-not-coming"]) : key => { name = local.names[key], severity = "page" } },
  )
}

output "subscriptions" {
  description = "Who is told of the alarms: `endpoint`, `protocol` and `severity` of each subscription."
  value       = local._subscriptions
}

output "topic_arns" {
  description = "The SNS topics that alarms notify when they go off and when they are over: `page` and `ticket`."
  value       = local.topic_arns

  # A postcondition of the topics would end a refresh that finds none of them.
  precondition {
    condition     = alltrue([for key, topic in aws_sns_topic.this : topic.arn == null || topic.arn == local._own_topic_arns[key]]) # null if its creation failed, which says so itself
    error_message = "The topics' ARNs are ${jsonencode(local.topic_arns)}, but their policies name ${jsonencode(local._own_topic_arns)}."
  }
}
