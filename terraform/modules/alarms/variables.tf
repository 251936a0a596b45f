variable "api" {
  description = "The WebSocket API that is watched: its `id` and its `stage`."
  type = object({
    id    = string
    stage = string
  })
  nullable = false
}

variable "dead_letter_queue_name" {
  description = "The dead-letter queue's name."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "The environment's name, which every alarm's name must carry."
  type        = string
  nullable    = false
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts the topic, whose policy lets CloudWatch use it; null for none."
  type = object({
    arn = string
  })
  default = null

  validation {
    condition     = var.kms_key == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.kms_key.arn))
    error_message = "kms_key.arn is \"${try(var.kms_key.arn, "")}\"; it must be a customer-managed key's ARN. CloudWatch may not use AWS's own alias/aws/sns, and every alarm would be lost in silence."
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
  description = "The first part of every name; it says the environment, so that a message from an alarm does."
  type        = string
  nullable    = false

  validation {
    condition     = strcontains(var.name_prefix, var.environment)
    error_message = "name_prefix is \"${var.name_prefix}\" and the environment \"${var.environment}\"; whoever is woken by an alarm must see which environment it is."
  }
}

variable "queue_name" {
  description = "The queue's name."
  type        = string
  nullable    = false
}

variable "request_max_age_seconds" {
  description = "A request's useful life in seconds; the age alarm goes off at 80 % of it."
  type        = number
  nullable    = false
}

variable "websocket_handler_function_name" {
  description = "The function behind the API."
  type        = string
  nullable    = false
}
