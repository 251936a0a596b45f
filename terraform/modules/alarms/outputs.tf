output "subscriptions" {
  description = "Who is told of the alarms: `endpoint` and `protocol` of each subscription."
  value       = { for name, subscription in aws_sns_topic_subscription.person : name => { endpoint = subscription.endpoint, protocol = subscription.protocol } }
}

output "topic_arn" {
  description = "The SNS topic that every alarm notifies when it goes off and when it is over."
  value       = aws_sns_topic.alarms.arn
}
