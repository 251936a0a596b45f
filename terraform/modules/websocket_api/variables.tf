variable "execution_log_level" {
  description = "What API Gateway logs of its own work: OFF, ERROR or INFO."
  type        = string
  nullable    = false
}

variable "handler" {
  description = "The function alias that every route calls, as the function module's output `alias` describes it."
  type = object({
    function_name = string
    invoke_arn    = string
    qualifier     = string
  })
  nullable = false
}

variable "log_retention_days" {
  description = "How many days the access log keeps its lines."
  type        = number
  nullable    = false
}

variable "name" {
  description = "The API's name."
  type        = string
  nullable    = false
}

variable "stage_name" {
  description = "The stage, at most 128 of A-Z, a-z, 0-9, - and _: the last part of the URL."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.stage_name)) # WS-73
    error_message = "stage_name is \"${var.stage_name}\"; API Gateway allows 1 to 128 of A-Z, a-z, 0-9, - and _."
  }
}

variable "throttling" {
  description = "Messages that the stage lets through: `rate_limit` a second on average, `burst_limit` at once."
  type = object({
    burst_limit = number
    rate_limit  = number
  })
  nullable = false
}
