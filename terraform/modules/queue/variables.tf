variable "consumer_timeout_seconds" {
  description = "The consuming function's timeout in seconds, 1 to 900; the visibility timeout is six times that."
  type        = number
  nullable    = false

  validation {
    condition     = var.consumer_timeout_seconds >= 1 && var.consumer_timeout_seconds <= 900 # LAM-26
    error_message = "consumer_timeout_seconds is ${var.consumer_timeout_seconds}; Lambda's timeouts are 1 to 900 s."
  }
}

variable "max_attempts" {
  description = "How often a message is worked on, 1 to 999. It is received once more, to be buried, before it goes to the dead-letter queue."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_attempts >= 1 && var.max_attempts <= 999 && floor(var.max_attempts) == var.max_attempts # SQS-26
    error_message = "max_attempts is ${var.max_attempts}; with one receive more it must fit SQS's maxReceiveCount of 1 to 1,000, so it is a whole number from 1 to 999."
  }
}

variable "name" {
  description = "The queue's name, at most 68 characters; its dead-letter queue is called the same with -dead-letter behind."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,68}$", var.name))
    error_message = "name is \"${var.name}\"; SQS allows 80 of A-Z, a-z, 0-9, _ and -, of which -dead-letter takes 12."
  }
}
