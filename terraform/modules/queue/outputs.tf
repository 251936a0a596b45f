output "consume_policy_json" {
  description = "The least that a consumer of the queue needs."
  value       = data.aws_iam_policy_document.consume.json
}

output "dead_letter_queue_name" {
  description = "The dead-letter queue's name."
  value       = aws_sqs_queue.dead_letter.name
}

output "dead_letter_queue_url" {
  description = "The dead-letter queue's URL."
  value       = aws_sqs_queue.dead_letter.url
}

output "queue_arn" {
  description = "The queue's ARN."
  value       = aws_sqs_queue.this.arn
}

output "queue_name" {
  description = "The queue's name."
  value       = aws_sqs_queue.this.name
}

output "queue_url" {
  description = "The queue's URL."
  value       = aws_sqs_queue.this.url
}

output "send_policy_json" {
  description = "The least that a sender to the queue needs."
  value       = data.aws_iam_policy_document.send.json
}

output "visibility_timeout_seconds" {
  description = "How long a received message is hidden from other consumers, in seconds."
  value       = aws_sqs_queue.this.visibility_timeout_seconds
}
