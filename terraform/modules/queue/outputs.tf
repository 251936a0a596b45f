output "consume_policy_json" {
  description = "The policy that a consumer of the queue needs."
  value       = data.aws_iam_policy_document.consume.json
}

output "dead_letter_queue_arn" {
  description = "The ARN of the dead-letter queue."
  value       = aws_sqs_queue.dead_letter.arn
}

output "dead_letter_queue_name" {
  description = "The name of the dead-letter queue."
  value       = aws_sqs_queue.dead_letter.name
}

output "dead_letter_queue_url" {
  description = "The URL of the dead-letter queue."
  value       = aws_sqs_queue.dead_letter.url
}

output "queue_arn" {
  description = "The ARN of the queue."
  value       = aws_sqs_queue.this.arn
}

output "queue_name" {
  description = "The name of the queue."
  value       = aws_sqs_queue.this.name
}

output "queue_url" {
  description = "The URL of the queue."
  value       = aws_sqs_queue.this.url
}

output "queue_url_by_name" {
  description = "The URL of the queue, made of names: a plan knows it, and whoever is told it need not wait for the queue. Whoever needs the queue itself waits for `queue_arn`."
  value       = local.url
}

output "send_policy_json" {
  description = "The policy that a sender to the queue needs."
  value       = data.aws_iam_policy_document.send.json
}

output "visibility_timeout_seconds" {
  description = "The visibility timeout in seconds: how long a received message stays hidden from other consumers."
  value       = aws_sqs_queue.this.visibility_timeout_seconds
}
