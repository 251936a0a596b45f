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
    - `identity_sources`: what a client must bring, else API Gateway answers 401 without asking (AUTH-04).
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
