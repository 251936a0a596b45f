variable "authorization" {
  description = "Who may connect: `none` lets anyone in, `jwt` whom the authorizer lets in, `iam` who signs with an AWS identity that may."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["iam", "jwt", "none"], var.authorization)
    error_message = "authorization is \"${var.authorization}\"; this module knows none, jwt and iam."
  }

  validation {
    condition     = (var.authorization == "jwt") == (var.authorizer != null)
    error_message = "authorization is \"${var.authorization}\" and authorizer is ${var.authorizer == null ? "null" : "set"}; an authorizer goes with jwt, and with jwt alone."
  }
}

variable "authorizer" {
  description = <<-EOT
    Who is asked when authorization is `jwt`, null otherwise:
    - `function`: the alias of a REQUEST authorizer, as the function module's output `alias` describes it;
    - `identity_sources`: what a client must bring, else API Gateway answers 401 without asking.
  EOT
  type = object({
    function = object({
      function_name = string
      invoke_arn    = string
      qualifier     = string
    })
    identity_sources = set(string)
  })
  default = null
}

variable "custom_domain" {
  description = <<-EOT
    A name of your own for the API, null for AWS's alone; point DNS at the output `custom_domain_target`:
    - `certificate_arn`: an ACM certificate for it, issued, in this Region;
    - `mapping_key`: the path behind the name, empty for none;
    - `name`: such as answers.example.com.
  EOT
  type = object({
    certificate_arn = string
    mapping_key     = optional(string, "")
    name            = string
  })
  default = null

  validation {
    condition     = var.custom_domain == null || can(regex("^arn:[^:]+:acm:[^:]+:[0-9]{12}:certificate/", var.custom_domain.certificate_arn))
    error_message = "custom_domain.certificate_arn is \"${try(var.custom_domain.certificate_arn, "")}\"; API Gateway takes the ARN of an ACM certificate."
  }

  validation {
    condition     = var.custom_domain == null || can(regex("^[A-Za-z0-9._-]*$", var.custom_domain.mapping_key))
    error_message = "custom_domain.mapping_key is \"${try(var.custom_domain.mapping_key, "")}\"; API Gateway allows A-Z, a-z, 0-9, ., _ and - for a WebSocket API."
  }
}

variable "execution_log_level" {
  description = "What API Gateway logs of its own work: OFF, ERROR or INFO."
  type        = string
  nullable    = false
}

variable "handler" {
  description = "The function alias that every route calls, as the function module's output `alias` describes it."
  type = object({
    function_name   = string
    invoke_arn      = string
    qualifier       = string
    timeout_seconds = number
  })
  nullable = false

  validation {
    # API Gateway stops waiting for an integration after 29 s, and nobody can raise that (WS-09).
    condition     = var.handler.timeout_seconds <= 29
    error_message = "handler.timeout_seconds is ${var.handler.timeout_seconds}; API Gateway gives up on an integration after 29 s, which can't be raised, so the function would work on for nobody."
  }
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts the access log; null for AWS's own encryption."
  type = object({
    arn = string
  })
  default = null
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
    # A stage's name is at most 128 letters, digits, hyphens and underscores (WS-73).
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.stage_name))
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
