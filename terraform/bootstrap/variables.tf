variable "allowed_account_ids" {
  description = "The AWS accounts that the bootstrap may be applied to, 12 digits each."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.allowed_account_ids) > 0 && alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids is [${join(", ", var.allowed_account_ids)}]; it needs at least one AWS account id, and each has 12 digits."
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
