variable "consumer_timeout_seconds" {
  description = "The consuming function's timeout in seconds, 1 to 900; the visibility timeout is six times that."
  type        = number
  nullable    = false

  validation {
    # Lambda stops an invocation after 900 s at the latest (LAM-26).
    condition     = var.consumer_timeout_seconds >= 1 && var.consumer_timeout_seconds <= 900
    error_message = "consumer_timeout_seconds is ${var.consumer_timeout_seconds}; Lambda's timeouts are 1 to 900 s."
  }
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts both queues; null for SQS's own encryption."
  type = object({
    arn = string
  })
  default = null
}

variable "longest_life_seconds" {
  description = "How long a message may be waited for and worked on in all, in seconds: the queue must keep it longer."
  type        = number
  nullable    = false
}

variable "max_attempts" {
  description = "How often a message is worked on, 1 to 999. It is received once more, to be buried, before it goes to the dead-letter queue."
  type        = number
  nullable    = false

  validation {
    # SQS takes a maxReceiveCount of 1 to 1,000 (SQS-26), and the burial takes one receive.
    condition     = var.max_attempts >= 1 && var.max_attempts <= 999 && floor(var.max_attempts) == var.max_attempts
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

variable "retention" {
  description = <<-EOT
    How many seconds messages are kept, 60 to 1,209,600 (14 days):
    - `dead_letters_seconds`: in the dead-letter queue, counted from their first sending, so longer than
      `messages_seconds`;
    - `messages_seconds`: in the queue, longer than `longest_life_seconds`.
  EOT
  type = object({
    dead_letters_seconds = optional(number, 1209600)
    messages_seconds     = optional(number, 345600)
  })
  default  = {}
  nullable = false

  validation {
    # SQS keeps a message for 60 s to 14 days (SQS-19).
    condition     = alltrue([for seconds in values(var.retention) : seconds >= 60 && seconds <= 1209600])
    error_message = "retention is ${var.retention.messages_seconds} s and ${var.retention.dead_letters_seconds} s for dead letters; SQS keeps messages 60 to 1,209,600 s."
  }

  validation {
    # A message keeps its first sending time when SQS moves it to the dead-letter queue (SQS-23).
    condition     = var.retention.dead_letters_seconds > var.retention.messages_seconds
    error_message = "retention.dead_letters_seconds is ${var.retention.dead_letters_seconds} and retention.messages_seconds is ${var.retention.messages_seconds}; SQS counts a dead letter's time from its first sending, so the former must be longer, or it is deleted as it arrives."
  }

  validation {
    condition     = var.retention.messages_seconds > var.longest_life_seconds
    error_message = "retention.messages_seconds is ${var.retention.messages_seconds} and a request may live ${var.longest_life_seconds} s; SQS would delete it, without a word to its client, while it still may be answered."
  }
}
