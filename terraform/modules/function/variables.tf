variable "artifact" {
  description = <<-EOT
    The zip to run, as the manifest of the build describes it:
    - `architecture`: x86_64 or arm64;
    - `bucket`, `key`: the published zip in S3. If `bucket` is null, Terraform uploads the zip at `path`;
    - `path`: the path of the zip, relative to the root module;
    - `runtime`: Lambda's name of the runtime, for example python3.13;
    - `sha256_base64`: the SHA-256 of the zip in Base64, like Lambda's CodeSha256.
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
    A version that keeps serving beside the newest one. If null, only the newest version serves:
    - `stable_version`: the number of the version that keeps serving;
    - `weight`: the newest version's share of the calls, above 0 and below 1.
  EOT
  type = object({
    stable_version = string
    weight         = number
  })
  default = null

  validation {
    # An alias can share its calls between two published versions, but not with $LATEST (LAM-47).
    condition     = var.canary == null || can(regex("^[1-9][0-9]*$", var.canary.stable_version))
    error_message = "canary.stable_version is \"${try(var.canary.stable_version, "")}\"; it must be the number of a published version, from 1, since a Lambda alias shares calls only between these."
  }

  validation {
    condition     = var.canary == null || try(var.canary.weight > 0 && var.canary.weight < 1, false)
    error_message = "canary.weight is ${try(var.canary.weight, 0)}; it must be above 0 and below 1."
  }
}

variable "description" {
  description = "One sentence about what the function does."
  type        = string
  nullable    = false
}

variable "environment_variables" {
  description = "The environment variables of the function, at most 4 KB in all."
  type        = map(string)
  nullable    = false
}

variable "handler" {
  description = "The handler, in the form module.function."
  type        = string
  nullable    = false
}

variable "kms_key" {
  description = "The `arn` of the customer-managed key that encrypts the log group and the environment variables; null for AWS's own keys."
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
  description = "Memory in MB, 128 to 10,240. CPU time grows with it, and 1,769 MB give one CPU."
  type        = number
  nullable    = false

  validation {
    # Lambda takes 128 to 10,240 MB in steps of 1 MB (LAM-26).
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb is ${var.memory_mb}; Lambda takes a whole number from 128 to 10,240."
  }
}

variable "name" {
  description = "The name of the function. Its role has the same name with the Region at its end, at most 64 characters in all."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name is \"${var.name}\" (${length(var.name)} characters); Lambda and IAM allow 1 to 64 characters of A-Z, a-z, 0-9, _ and -."
  }
}

variable "policies" {
  description = "All that the function may do besides writing its logs: policy documents (JSON) by a name that begins with a verb."
  type        = map(string)
  nullable    = false
}

variable "reserved_concurrency" {
  description = "The concurrency that is reserved for this function, which is also its limit. If null, it shares the account's concurrency."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= 1 && floor(var.reserved_concurrency) == var.reserved_concurrency, false)
    error_message = "reserved_concurrency is ${coalesce(var.reserved_concurrency, 0)}; it takes whole numbers from 1, since with 0 the function would never run."
  }
}

variable "role" {
  description = <<-EOT
    What an organization asks of every role:
    - `path`: the path that its ARN has before its name, with a / at both ends;
    - `permissions_boundary`: the ARN of the policy that limits whatever its own policies allow; null for none.
  EOT
  type = object({
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
  })
  default  = {}
  nullable = false
}

variable "serves_after" {
  description = "Values of what must be up to date before the alias serves a new version, such as another function's `alias_arn`. Only the order counts."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "snap_start_enabled" {
  description = "Whether Lambda SnapStart shortens cold starts: new execution environments begin from a snapshot. You pay for the snapshots."
  type        = bool
  default     = false
  nullable    = false
}

variable "timeout_seconds" {
  description = "The longest time for one invocation, 1 to 900 s."
  type        = number
  nullable    = false

  validation {
    # Lambda stops an invocation after 900 s at the latest (LAM-26).
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds is ${var.timeout_seconds}; Lambda takes a whole number from 1 to 900."
  }
}

variable "tracing_enabled" {
  description = "Whether X-Ray traces the invocations."
  type        = bool
  default     = false
  nullable    = false
}
