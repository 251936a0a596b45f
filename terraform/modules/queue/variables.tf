variable "dead_letter_name" {
  description = "The name of the dead-letter queue, at most 80 characters. If null, it is the queue's with -dead-letter at its end."
  type        = string
  default     = null

  validation {
    condition     = var.dead_letter_name == null || can(regex("^[A-Za-z0-9_-]{1,80}$", var.dead_letter_name))
    error_message = "dead_letter_name is \"${coalesce(var.dead_letter_name, "null")}\"; SQS takes 1 to 80 characters of A-Z, a-z, 0-9, _ and -."
  }
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts both queues; null for SQS's own keys."
  type = object({
    arn = string
  })
  default = null
}

variable "longest_life_seconds" {
  description = "The longest life of a message in seconds, from its sending to its last attempt. The queue must keep it longer."
  type        = number
  nullable    = false
}

variable "max_attempts" {
  description = "How many attempts a message gets, 1 to 998. It is received twice more after them, so that its client can be told even if a worker dies, and then goes to the dead-letter queue."
  type        = number
  nullable    = false

  validation {
    # SQS takes a maxReceiveCount of 1 to 1,000 (SQS-26), of which two receives are not attempts.
    condition     = var.max_attempts >= 1 && var.max_attempts <= 998 && floor(var.max_attempts) == var.max_attempts
    error_message = "max_attempts is ${var.max_attempts}; it takes a whole number from 1 to 998, since SQS allows 1,000 receives and the last two are not attempts."
  }
}

variable "name" {
  description = "The name of the queue, at most 80 characters, or 68 if dead_letter_name is null. A FIFO queue's name, with .fifo at its end, is refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.name)) && (var.dead_letter_name != null || length(var.name) <= 68)
    error_message = "name is \"${var.name}\"; it takes 1 to ${var.dead_letter_name == null ? 68 : 80} characters of A-Z, a-z, 0-9, _ and -, since SQS allows 80 ${var.dead_letter_name == null ? "and -dead-letter takes 12" : "for a queue that isn't FIFO"}."
  }

  validation {
    condition     = var.name != var.dead_letter_name
    error_message = "name and dead_letter_name are both \"${var.name}\"; SQS moves no message from a queue into itself."
  }
}

variable "retention" {
  description = <<-EOT
    How many seconds SQS keeps messages, 60 to 1,209,600 (14 days):
    - `dead_letters_seconds`: in the dead-letter queue. SQS counts from the first sending, so this must be longer than
      `messages_seconds`;
    - `messages_seconds`: in the queue. This must be longer than `longest_life_seconds`.
  EOT
  type = object({
    dead_letters_seconds = optional(number, 1209600)
    messages_seconds     = optional(number, 345600)
  })
  default  = {}
  nullable = false

  validation {
    # SQS keeps a message for 60 s to 14 days (SQS-19).
    condition     = alltrue([for seconds in values(var.retention) : seconds >= 60 && seconds <= 1209600 && floor(seconds) == seconds])
    error_message = "retention is ${var.retention.messages_seconds} s and ${var.retention.dead_letters_seconds} s for dead letters; SQS keeps messages a whole number of seconds from 60 to 1,209,600."
  }

  validation {
    # A message keeps its first sending time when SQS moves it to the dead-letter queue (SQS-23).
    condition     = var.retention.dead_letters_seconds > var.retention.messages_seconds
    error_message = "retention.dead_letters_seconds is ${var.retention.dead_letters_seconds} and retention.messages_seconds is ${var.retention.messages_seconds}; the former must be longer. SQS counts from the first sending, so it would delete a dead letter as it arrives."
  }

  validation {
    condition     = var.retention.messages_seconds > var.longest_life_seconds
    error_message = "retention.messages_seconds is ${var.retention.messages_seconds} and a request may live ${var.longest_life_seconds} s; the former must be longer. Otherwise SQS deletes a request that could still be answered, and nobody tells its client."
  }
}

variable "visibility_timeout_seconds" {
  description = "How long a received message stays hidden, 0 to 43,200 s. It must be longer than the consumer's timeout. A consumer that dies before it shortens it hides its message for so long."
  type        = number
  nullable    = false

  validation {
    # SQS hides a message for 12 hours at most (SQS-12).
    condition     = var.visibility_timeout_seconds >= 0 && var.visibility_timeout_seconds <= 43200 && floor(var.visibility_timeout_seconds) == var.visibility_timeout_seconds
    error_message = "visibility_timeout_seconds is ${var.visibility_timeout_seconds}; SQS hides a message for a whole number from 0 to 43,200 s."
  }
}
