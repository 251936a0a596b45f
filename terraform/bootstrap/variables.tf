variable "allowed_account_ids" {
  description = "The AWS accounts that the bootstrap may be applied to, 12 digits each."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.allowed_account_ids) > 0 && alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids is [${join(", ", var.allowed_account_ids)}]; it needs at least one AWS account id, and each has 12 digits."
  }
}

variable "log_role_enabled" {
  description = "Whether API Gateway gets a log role. `make bootstrap` says false if the account has one already."
  type        = bool
  default     = true
  nullable    = false
}

variable "permissions_boundary" {
  description = "The ARN of the policy that your organization wants as the permissions boundary of every role; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[^\\s]+$", var.permissions_boundary))
    error_message = "permissions_boundary is \"${coalesce(var.permissions_boundary, "null")}\"; it must be the ARN of a policy, arn:<partition>:iam::<account>:policy/<name>."
  }
}

variable "project" {
  description = "The first part of every name, the same as in the environments."
  type        = string
  default     = "selador"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.project))
    error_message = "project is \"${var.project}\"; it must be 1 to 20 characters of a-z, 0-9 and -, and begin with a letter."
  }

  validation {
    # S3 allows 63 characters. -terraform-state-, the account's id and a hyphen take 30 of them.
    condition     = length(var.project) + length(var.region) <= 33
    error_message = "project is \"${var.project}\" (${length(var.project)} characters); in ${var.region} it may have ${33 - length(var.region)}, since it begins the name of the state's bucket, and S3 allows 63 characters."
  }
}

variable "region" {
  description = "The AWS Region of the buckets, and the one in which API Gateway gets the log role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region is \"${var.region}\"; it must be an AWS Region, for example eu-central-1."
  }
}

variable "role_path" {
  description = "The path of every role, with a / at both ends."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    # What IAM takes for a path: 1 to 512 characters of printable ASCII.
    condition     = can(regex("^/([!-.0-~]+/)*$", var.role_path)) && length(var.role_path) <= 512
    error_message = "role_path is \"${var.role_path}\" (${length(var.role_path)} characters); IAM takes / or a path that begins and ends with /, of at most 512 characters without spaces."
  }
}
