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
