variable "access_log_enabled" {
  description = "Whether API Gateway logs each connection and message."
  type        = bool
  default     = true
  nullable    = false
}

variable "authorization" {
  description = "Who may connect. `none`: anyone. `jwt`: clients that the authorizer lets in. `iam`: clients that sign the handshake with an AWS identity that has the permission."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["iam", "jwt", "none"], var.authorization)
    error_message = "authorization is \"${var.authorization}\"; this module takes none, jwt and iam."
  }

  validation {
    condition     = var.authorization != "jwt" || var.authorizer != null
    error_message = "authorization is \"jwt\" and authorizer is null; set authorizer."
  }
}

variable "authorizer" {
  description = <<-EOT
    The authorizer that $connect asks if authorization is `jwt`; null for none:
    - `function`: the alias of a REQUEST authorizer, as in the function module's output `alias`;
    - `identity_sources`: parts of the handshake that a client must send. If one is missing, API Gateway answers 401
      without calling the authorizer.
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

variable "authorizer_alias_arn" {
  description = "The function module's output `alias_arn` of the authorizer; null if there is none. Its permission waits for the alias, and is renewed with it."
  type        = string
  default     = null
}

variable "custom_domain" {
  description = <<-EOT
    A domain name of your own for the API. If null, clients use AWS's host name. Point DNS at the output
    `custom_domain_target`:
    - `certificate_arn`: an issued ACM certificate for the name, in this Region;
    - `mapping_key`: the path after the name; empty for none;
    - `name`: for example answers.example.com.
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
    error_message = "custom_domain.mapping_key is \"${try(var.custom_domain.mapping_key, "")}\"; for a WebSocket API, API Gateway allows A-Z, a-z, 0-9, ., _ and -."
  }
}

variable "execution_log_level" {
  description = "How much API Gateway logs of its own work: OFF, ERROR or INFO."
  type        = string
  nullable    = false
}

variable "handler" {
  description = "The function alias that every route calls, as in the function module's output `alias`."
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
    error_message = "handler.timeout_seconds is ${var.handler.timeout_seconds}; it may be at most 29. API Gateway stops waiting for an integration after 29 s, and this limit can't be raised."
  }
}

variable "handler_alias_arn" {
  description = "The function module's output `alias_arn` of the handler. The routes' permissions wait for the alias, and are renewed with it."
  type        = string
  nullable    = false
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts the logs; null for AWS's own keys."
  type = object({
    arn = string
  })
  default = null
}

variable "log_retention_days" {
  description = "How many days the logs keep their lines."
  type        = number
  nullable    = false
}

variable "name" {
  description = "The name of the API."
  type        = string
  nullable    = false
}

variable "stage_name" {
  description = "The name of the stage, which is the last part of the URL: 1 to 128 characters of A-Z, a-z, 0-9, - and _."
  type        = string
  nullable    = false

  validation {
    # A stage's name is at most 128 letters, digits, hyphens and underscores (WS-73).
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.stage_name))
    error_message = "stage_name is \"${var.stage_name}\"; API Gateway allows 1 to 128 characters of A-Z, a-z, 0-9, - and _."
  }
}

variable "throttling" {
  description = "How many messages the stage lets through: `rate_limit` per second on average, `burst_limit` at once."
  type = object({
    burst_limit = number
    rate_limit  = number
  })
  nullable = false
}
