output "topic_arn" {
  description = "The SNS topic that every alarm notifies when it goes off and when it is over."
  value       = aws_sns_topic.alarms.arn
}
