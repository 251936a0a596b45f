variable "api" {
  description = "The WebSocket API to watch: its `id` and its `stage`."
  type = object({
    id    = string
    stage = string
  })
  nullable = false
}

variable "dead_letter_queue_name" {
  description = "The name of the dead-letter queue."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "The environment's name, which every alarm's name contains."
  type        = string
  nullable    = false
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts the topic; null for none. The key's policy must let CloudWatch use it."
  type = object({
    arn = string
  })
  default = null

  validation {
    condition     = var.kms_key == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.kms_key.arn))
    error_message = "kms_key.arn is \"${try(var.kms_key.arn, "")}\"; it must be the ARN of a customer-managed key. CloudWatch may not use AWS's own alias/aws/sns: every alarm's message would be lost without an error."
  }
}

variable "main_function" {
  description = "The function that answers: its `name` and its `timeout_seconds`."
  type = object({
    name            = string
    timeout_seconds = number
  })
  nullable = false
}

variable "name_prefix" {
  description = "The first part of every name. It must contain the environment, so that an alarm's message says which one it is."
  type        = string
  nullable    = false

  validation {
    condition     = strcontains(var.name_prefix, var.environment)
    error_message = "name_prefix is \"${var.name_prefix}\" and the environment \"${var.environment}\"; the former must contain the latter, so that an alarm's message says which environment it is."
  }
}

variable "queue_name" {
  description = "The name of the queue."
  type        = string
  nullable    = false
}

variable "request_max_age_seconds" {
  description = "A request's useful life in seconds. The alarm oldest-message-age goes off at 80 % of it."
  type        = number
  nullable    = false
}

variable "subscriptions" {
  description = "Who is told of the alarms: endpoints by SNS's protocol."
  type        = map(set(string))
  default     = {}
  nullable    = false
}

variable "websocket_handler_function_name" {
  description = "The name of the function behind the API."
  type        = string
  nullable    = false
}
