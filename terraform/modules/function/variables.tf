variable "artifact" {
  description = <<-EOT
    What runs, from the manifest of the build:
    - `architecture`: x86_64 or arm64;
    - `path`: the zip, relative to the root module;
    - `runtime`: Lambda's name for it, such as python3.13;
    - `sha256_base64`: the zip's SHA-256 in Base64, as Lambda's CodeSha256.
  EOT
  type = object({
    architecture  = string
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
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb # LAM-26
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

variable "timeout_seconds" {
  description = "The longest that one invocation may take, 1 to 900 s."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds # LAM-26
    error_message = "timeout_seconds is ${var.timeout_seconds}; Lambda takes whole seconds from 1 to 900."
  }
}
