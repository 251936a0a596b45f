variable "allowed_account_ids" {
  description = "The AWS accounts (12 digits each) that this may be applied to."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.allowed_account_ids) > 0 && alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids is [${join(", ", var.allowed_account_ids)}]; AWS account ids are 12 digits, and at least one is needed."
  }
}

variable "project" {
  description = "The first part of the names, the same as in the environments."
  type        = string
  default     = "selador"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.project))
    error_message = "project is \"${var.project}\"; this configuration's names allow 1 to 20 of a-z, 0-9 and -, a letter first."
  }
}

variable "region" {
  description = "The AWS Region of the state bucket and of the API Gateway log role's setting."
  type        = string
  nullable    = false
}
