variable "artifact" {
  description = <<-EOT
    What runs, from the manifest of the build:
    - `architecture`: x86_64 or arm64;
    - `bucket`, `key`: where in S3 the zip was published, `bucket` null where Terraform uploads the one at `path`;
    - `path`: the zip, relative to the root module;
    - `runtime`: Lambda's name for it, such as python3.13;
    - `sha256_base64`: the zip's SHA-256 in Base64, as Lambda's CodeSha256.
  EOT
  type = object({
    architecture  = string
    bucket        = optional(string)
    key           = optional(string)
    path          = string
    runtime       = string
    sha256_base64 = string
  })
  nullable = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.artifact.architecture)
    error_message = "artifact.architecture is \"${var.artifact.architecture}\"; Lambda runs arm64 and x86_64."
  }
}

variable "canary" {
  description = <<-EOT
    A version that goes on serving beside the newest, null where the newest serves alone:
    - `stable_version`: the number of that version;
    - `weight`: the newest's share of the calls, above 0 and below 1.
  EOT
  type = object({
    stable_version = string
    weight         = number
  })
  default = null

  validation {
    # An alias can share its calls between two published versions, but not with $LATEST (LAM-47).
    condition     = var.canary == null || can(regex("^[1-9][0-9]*$", var.canary.stable_version))
    error_message = "canary.stable_version is \"${try(var.canary.stable_version, "")}\"; an alias of Lambda's shares calls among published versions only, so it is a whole number from 1."
  }

  validation {
    condition     = var.canary == null || try(var.canary.weight > 0 && var.canary.weight < 1, false)
    error_message = "canary.weight is ${try(var.canary.weight, 0)}; a share is above 0 and below 1."
  }
}

variable "description" {
  description = "What the function does, in one sentence."
  type        = string
  nullable    = false
}

variable "environment_variables" {
  description = "The function's environment, at most 4 KB in all."
  type        = map(string)
  nullable    = false
}

variable "handler" {
  description = "The handler as module.function."
  type        = string
  nullable    = false
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts the log group and the environment variables; null for AWS's own."
  type = object({
    arn = string
  })
  default = null
}

variable "log_retention_days" {
  description = "How many days the log group keeps its lines."
  type        = number
  nullable    = false
}

variable "memory_mb" {
  description = "Memory in MB, 128 to 10,240; processor time grows with it (1,769 MB is one CPU)."
  type        = number
  nullable    = false

  validation {
    # Lambda takes 128 to 10,240 MB in steps of 1 MB (LAM-26).
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb is ${var.memory_mb}; Lambda takes whole MB from 128 to 10,240."
  }
}

variable "name" {
  description = "The function's name, at most 64 characters, and its role's."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name is \"${var.name}\" (${length(var.name)} characters); Lambda and IAM allow 64 of A-Z, a-z, 0-9, _ and -."
  }
}

variable "policies" {
  description = "What the function may do, as policy documents (JSON) by a name that begins with a verb. The role is the sum of these and of writing its own logs."
  type        = map(string)
  nullable    = false
}

variable "reserved_concurrency" {
  description = "How many environments are kept for this function, and the most it gets; null for its share of the account's."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= 1 && floor(var.reserved_concurrency) == var.reserved_concurrency, false)
    error_message = "reserved_concurrency is ${coalesce(var.reserved_concurrency, 0)}; Lambda takes whole numbers, and with 0 the function would never run."
  }
}

variable "snap_start_enabled" {
  description = "Whether new environments begin from a snapshot of an initialized one; snapshots are paid for."
  type        = bool
  default     = false
  nullable    = false
}

variable "timeout_seconds" {
  description = "The longest that one invocation may take, 1 to 900 s."
  type        = number
  nullable    = false

  validation {
    # Lambda stops an invocation after 900 s at the latest (LAM-26).
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds is ${var.timeout_seconds}; Lambda takes whole seconds from 1 to 900."
  }
}

variable "tracing_enabled" {
  description = "Whether invocations are traced by X-Ray."
  type        = bool
  default     = false
  nullable    = false
}
