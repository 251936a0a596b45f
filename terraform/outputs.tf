output "alarm_topic_arn" {
  description = "The SNS topic of pages: users get no answers. The variable `alarm_subscriptions` subscribes whoever is on call."
  value       = module.alarms.topic_arns.page
}

output "alarms" {
  description = "Every alarm by its key: its `name`, and whether it is a `page`, a `ticket` or a `part` of another alarm."
  value       = module.alarms.alarms
}

output "api_id" {
  description = "The id of the WebSocket API, part of its URL."
  value       = module.websocket_api.api_id
}

output "authorization" {
  description = "Who may connect: none (anyone who learns the URL), jwt or iam."
  value       = var.authorization
}

output "authorizer_function_name" {
  description = "The function that checks clients' tokens; null if the variable jwt is."
  value       = one(module.authorizer[*].function_name)
}

output "callback_url" {
  description = "The base URL of @connections, to which the main function posts answers."
  value       = module.websocket_api.callback_url
}

output "connect_policy_json" {
  description = "The policy that clients need to connect if authorization is iam. Attach it to their roles."
  value       = module.websocket_api.connect_policy_json
}

output "custom_domain_target" {
  description = "The target of the custom domain's DNS record: `domain_name` and `hosted_zone_id`, for an alias record. Null without a custom domain."
  value       = module.websocket_api.custom_domain_target
}

output "dead_letter_queue_arn" {
  description = "The ARN of the queue with the requests that no attempt could answer. A move of its messages is asked for by it."
  value       = module.queue.dead_letter_queue_arn
}

output "dead_letter_queue_url" {
  description = "The URL of the queue with the requests that no attempt could answer."
  value       = module.queue.dead_letter_queue_url
}

output "function_versions" {
  description = "The newest version of each function. As `canary.stable_version`, it keeps serving beside the next one."
  value = {
    main              = module.main.version
    websocket_handler = module.websocket_handler.version
  }
}

output "log_group_names" {
  description = "The names of the log groups, by who writes to them."
  value = {
    api_access        = module.websocket_api.access_log_group_name
    api_execution     = module.websocket_api.execution_log_group_name
    authorizer        = one(module.authorizer[*].log_group_name)
    main              = module.main.log_group_name
    websocket_handler = module.websocket_handler.log_group_name
  }
}

output "main_function_name" {
  description = "The name of the function that answers."
  value       = module.main.function_name
}

output "queue_arn" {
  description = "The ARN of the queue with the accepted requests."
  value       = module.queue.queue_arn
}

output "queue_url" {
  description = "The URL of the queue with the accepted requests."
  value       = module.queue.queue_url
}

output "release" {
  description = "The published release that serves, by its manifest's hash: `make plan RELEASE=…` goes back to it. Null if Terraform uploads the zips itself."
  value       = one(terraform_data.release[*].output)
}

output "request_limits" {
  description = "How often a request is tried (`max_attempts`), and until which age in seconds (`max_age_seconds`)."
  value = {
    max_age_seconds = var.request_max_age_seconds
    max_attempts    = var.max_attempts
  }
}

output "stage_name" {
  description = "The API's stage, the last part of its URL."
  value       = module.websocket_api.stage_name
}

output "ticket_topic_arn" {
  description = "The SNS topic of tickets: what can wait for the morning. The variable `ticket_subscriptions` subscribes whoever cares."
  value       = module.alarms.topic_arns.ticket
}

output "websocket_handler_function_name" {
  description = "The name of the function behind the API."
  value       = module.websocket_handler.function_name
}

output "websocket_url" {
  description = "The URL that clients connect to."
  value       = module.websocket_api.websocket_url
}
