output "alarm_topic_arn" {
  description = "The SNS topic that every alarm reports to; subscribe whoever is on call."
  value       = module.alarms.topic_arn
}

output "api_id" {
  description = "The WebSocket API's id, part of its URL."
  value       = module.websocket_api.api_id
}

output "authorization" {
  description = "Who may connect: none (anyone who learns the URL), jwt or iam."
  value       = var.authorization
}

output "authorizer_function_name" {
  description = "The function that decides by a client's token, where authorization is jwt."
  value       = one(module.authorizer[*].function_name)
}

output "callback_url" {
  description = "The base of @connections, to which answers are posted."
  value       = module.websocket_api.callback_url
}

output "connect_policy_json" {
  description = "The least that connecting needs where authorization is iam: attach it to the clients' roles."
  value       = module.websocket_api.connect_policy_json
}

output "custom_domain_target" {
  description = "What DNS must point the custom domain at: `domain_name` and `hosted_zone_id` for an alias record; null where there is none."
  value       = module.websocket_api.custom_domain_target
}

output "dead_letter_queue_url" {
  description = "The queue of the requests that no attempt could answer."
  value       = module.queue.dead_letter_queue_url
}

output "function_versions" {
  description = "Each function's newest version; as `canary.stable_version` it goes on serving beside the next."
  value = {
    main              = module.main.version
    websocket_handler = module.websocket_handler.version
  }
}

output "log_group_names" {
  description = "The log groups, by who writes them."
  value = {
    api_access        = module.websocket_api.access_log_group_name
    authorizer        = one(module.authorizer[*].log_group_name)
    main              = module.main.log_group_name
    websocket_handler = module.websocket_handler.log_group_name
  }
}

output "main_function_name" {
  description = "The function that answers."
  value       = module.main.function_name
}

output "queue_url" {
  description = "The queue of accepted requests."
  value       = module.queue.queue_url
}

output "stage_name" {
  description = "The API's stage, the last part of its URL."
  value       = module.websocket_api.stage_name
}

output "websocket_handler_function_name" {
  description = "The function behind the API."
  value       = module.websocket_handler.function_name
}

output "websocket_url" {
  description = "Where clients connect."
  value       = module.websocket_api.websocket_url
}
