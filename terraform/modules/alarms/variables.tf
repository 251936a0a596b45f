variable "api" {
  description = "The WebSocket API to watch: its `id` and its `stage`."
  type = object({
    id    = string
    stage = string
  })
  nullable = false
}

variable "authorizer_function" {
  description = "The function that checks clients' tokens: its `name` and its `timeout_seconds`; null if there is none."
  type = object({
    name            = string
    timeout_seconds = number
  })
  default = null
}

variable "certificate_arn" {
  description = "The ARN of the custom domain's certificate; null without a custom domain."
  type        = string
  default     = null
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

variable "heartbeat_minutes" {
  description = "How often a smoke test on a schedule puts the metric `Heartbeat`, in minutes; null if none does. After two without it, heartbeat-fails pages."
  type        = number
  default     = null

  validation {
    # CloudWatch looks a day back at most if a period is shorter than an hour (VAL-07). The alarm takes two periods.
    condition     = var.heartbeat_minutes == null || try(var.heartbeat_minutes >= 1 && var.heartbeat_minutes <= 1440 && floor(var.heartbeat_minutes) == var.heartbeat_minutes, false)
    error_message = "heartbeat_minutes is ${coalesce(var.heartbeat_minutes, 0)}; it takes a whole number from 1 to 1,440, or null if no smoke test runs on a schedule."
  }
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts the topics; null for none. The key's policy must let CloudWatch use it."
  type = object({
    arn = string
  })
  default = null

  validation {
    condition     = var.kms_key == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.kms_key.arn))
    error_message = "kms_key.arn is \"${try(var.kms_key.arn, "")}\"; it must be the ARN of a customer-managed key. CloudWatch may not use AWS's own alias/aws/sns: every alarm's message would be lost without an error."
  }
}

variable "log_group_names" {
  description = "The log groups that the dashboard searches for failures and slow requests."
  type        = list(string)
  nullable    = false
}

variable "main_function" {
  description = <<-EOT
    The function that answers: its `name`, its `timeout_seconds`, and the `reserved_seconds` of them that it keeps to tell a
    client that the time is up. `canary` is null unless an older version serves beside the newest: the `alias` by which both
    are called, the `stable_version`, and its own `stable_timeout_seconds`.
  EOT
  type = object({
    canary = optional(object({
      alias                  = string
      stable_timeout_seconds = number
      stable_version         = string
    }))
    name             = string
    reserved_seconds = number
    timeout_seconds  = number
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

variable "objectives" {
  description = <<-EOT
    What users are promised:
    - `completed_percent`: how many of the requests that end well or fail through us are completed;
    - `days`: over how many days that is judged. The error budget's alarms follow from both;
    - `first_words_seconds`: how long 95 of 100 attempts take at most until the answer's first words;
    - `queue_wait_seconds`: how long 95 of 100 requests wait at most until somebody works on them.
  EOT
  type = object({
    completed_percent   = optional(number, 99.5)
    days                = optional(number, 30)
    first_words_seconds = optional(number, 30)
    queue_wait_seconds  = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    # 2 % of the budget in an hour are 14.4 times the objective's rate. From a budget of 6.9 % on, no failure could burn so fast.
    condition     = var.objectives.completed_percent >= 95 && var.objectives.completed_percent < 100
    error_message = "objectives.completed_percent is ${var.objectives.completed_percent}; it takes 95 up to less than 100. With 100 there is no budget to burn, and with less than 95 not even a total outage would burn it fast enough for a page."
  }

  validation {
    condition     = var.objectives.days >= 7 && var.objectives.days <= 30
    error_message = "objectives.days is ${var.objectives.days}; it takes 7 to 30 days. With fewer, one incident is judged by almost nothing else; with more, not even a total outage would burn the budget fast enough for a page."
  }

  validation {
    condition     = var.objectives.first_words_seconds > 0 && var.objectives.queue_wait_seconds > 0
    error_message = "objectives has ${var.objectives.first_words_seconds} s until the first words and ${var.objectives.queue_wait_seconds} s in the queue; both must be more than 0."
  }
}

variable "queue_name" {
  description = "The name of the queue."
  type        = string
  nullable    = false
}

variable "runbook_base_url" {
  description = "What stands before an alarm's key and .md in the link to its runbook, for example `https://github.com/<owner>/<repository>/blob/main/docs/runbooks/`."
  type        = string
  default     = "docs/runbooks/"
  nullable    = false

  validation {
    # An alarm's description has 1,024 characters at most, and the rest needs some 400 of them.
    condition     = endswith(var.runbook_base_url, "/") && length(var.runbook_base_url) <= 500
    error_message = "runbook_base_url is \"${var.runbook_base_url}\"; it must end with / and have 500 characters at most, since an alarm's description has 1,024."
  }
}

variable "subscriptions" {
  description = "Who is told of the alarms: endpoints by SNS's protocol, of `page` and of `ticket`. If `ticket` is null, who hears pages hears tickets, too."
  type = object({
    page   = optional(map(set(string)), {})
    ticket = optional(map(set(string)))
  })
  default  = {}
  nullable = false
}

variable "thresholds" {
  description = <<-EOT
    When alarms go off. Those in percent of what happens in a minute page if that is so in three of five minutes:
    - `api_errors_percent`: calls of the websocket handler that fail;
    - `connects_fail_percent`: connects that get neither in nor a refusal;
    - `deliveries_fail_percent`: posts that fail, although the client is there and not too slow;
    - `deployment_fault_percent`: attempts that fail because the deployment is wrong;
    - `front_door_fails_percent`: requests that can't be taken;
    - `key_set_unavailable_percent`: connects whose token can't be verified.

    In percent of what happens in five minutes, for a quarter of an hour:
    - `bedrock_throttles_percent`: attempts that end because Bedrock throttles;
    - `blocked_percent`: requests that the guardrail blocks;
    - `clients_leave_percent`: requests whose client leaves before the end;
    - `posts_throttled_percent`: posts that API Gateway throttles;
    - `throttles_percent`: invocations of a function that Lambda throttles. The authorizer's page like those above.

    Others:
    - `authorizer_slow_percent`: the authorizer's duration, in percent of its timeout;
    - `certificate_days`, `model_days`: days left to the custom domain's certificate, or the model;
    - `dead_letters_days`: for how many days on end the dead-letter queue is not empty, at most 7;
    - `dead_letters_many`: new dead letters within an hour;
    - `handler_slow_ms`: how long the websocket handler takes for 95 of 100 messages;
    - `least_bad_requests`: how many requests must have ended badly before the error budget's alarms look at their share;
    - `main_crashes_percent`: invocations of the main function that crash within a quarter of an hour;
    - `tokens_an_hour`: tokens that the model reads and writes in an hour;
    - `unaccounted_percent`: accepted requests that neither end nor wait, in two times five minutes.
  EOT
  type = object({
    api_errors_percent          = optional(number, 5)
    authorizer_slow_percent     = optional(number, 70)
    bedrock_throttles_percent   = optional(number, 5)
    blocked_percent             = optional(number, 20)
    certificate_days            = optional(number, 30)
    clients_leave_percent       = optional(number, 20)
    connects_fail_percent       = optional(number, 10)
    dead_letters_days           = optional(number, 4)
    dead_letters_many           = optional(number, 50)
    deliveries_fail_percent     = optional(number, 10)
    deployment_fault_percent    = optional(number, 10)
    front_door_fails_percent    = optional(number, 10)
    handler_slow_ms             = optional(number, 3000)
    key_set_unavailable_percent = optional(number, 10)
    least_bad_requests          = optional(number, 5)
    main_crashes_percent        = optional(number, 5)
    model_days                  = optional(number, 90)
    posts_throttled_percent     = optional(number, 5)
    throttles_percent           = optional(number, 5)
    tokens_an_hour              = optional(number, 10000000)
    unaccounted_percent         = optional(number, 10)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name, value in var.thresholds : value > 0 && (!endswith(name, "_percent") || value <= 100)])
    error_message = "thresholds has ${join(", ", [for name, value in var.thresholds : "${name} = ${value}" if value <= 0 || endswith(name, "_percent") && value > 100])}; a threshold is more than 0, and one in percent 100 at most. With 0 an alarm would never be over."
  }

  validation {
    # CloudWatch looks a week back at most if a period has an hour (VAL-07).
    condition     = var.thresholds.dead_letters_days <= 7 && floor(var.thresholds.dead_letters_days) == var.thresholds.dead_letters_days
    error_message = "thresholds.dead_letters_days is ${var.thresholds.dead_letters_days}; it takes a whole number of at most 7 days, which is how far an alarm looks back."
  }

  validation {
    condition     = floor(var.thresholds.least_bad_requests) == var.thresholds.least_bad_requests
    error_message = "thresholds.least_bad_requests is ${var.thresholds.least_bad_requests}; it takes a whole number of requests."
  }
}

variable "topic_arns" {
  description = "The ARNs of SNS topics that your organization has already, for `page` and for `ticket`; null for a topic of the environment's own. The topics' policies must let CloudWatch publish, and `subscriptions` has no effect on them."
  type = object({
    page   = optional(string)
    ticket = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in values(var.topic_arns) : arn == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "topic_arns has ${join(", ", [for arn in values(var.topic_arns) : coalesce(arn, "null")])}; each must be null or the ARN of an SNS topic that is not FIFO, arn:<partition>:sns:<region>:<account>:<name>."
  }
}

variable "websocket_handler_function_name" {
  description = "The name of the function behind the API."
  type        = string
  nullable    = false
}
