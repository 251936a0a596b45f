variable "allowed_account_ids" {
  description = "The AWS accounts that the bootstrap may be applied to, 12 digits each."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.allowed_account_ids) > 0 && alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids is [${join(", ", var.allowed_account_ids)}]; it needs at least one AWS account id, and each has 12 digits."
  }
}

variable "deploy_roles" {
  description = <<-EOT
    The environments that get a role to plan them and a role to deploy them, by their names; none if you name none:
    - `kms_key_arn`: the environment's variable of that name, if it is set;
    - `names`: `main`, `queue`, `stage` and `websocket_handler`, each if it is not called as by default.

    One more role then publishes artifacts. docs/deploy-permissions.md says what they may do.
  EOT
  type = map(object({
    kms_key_arn = optional(string)
    names = optional(object({
      main              = optional(string)
      queue             = optional(string)
      stage             = optional(string)
      websocket_handler = optional(string)
    }), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.deploy_roles) : can(regex("^[a-z][a-z0-9-]{0,15}$", name))])
    error_message = "deploy_roles has ${join(", ", keys(var.deploy_roles))}; an environment's name has 1 to 16 characters of a-z, 0-9 and -, and begins with a letter."
  }

  validation {
    condition     = length(var.deploy_roles) == 0 || var.github != null || length(var.trusted_arns) > 0
    error_message = "deploy_roles has ${join(", ", keys(var.deploy_roles))}, and nobody could take these roles; set github or trusted_arns."
  }
}

variable "deploy_roles_boundary" {
  description = "The ARN of the permissions boundary of the roles in `deploy_roles`; null for none. They make roles, which the boundary of other roles often forbids."
  type        = string
  default     = null
}

variable "github" {
  description = <<-EOT
    The GitHub repository whose workflows take the roles in `deploy_roles`; null for none:
    - `branch`: the one whose jobs plan and publish, besides pull requests and tags;
    - `oidc_provider_arn`: the account's identity provider for GitHub; null to make it, since an account has only one;
    - `repository`: <owner>/<name>.
  EOT
  type = object({
    branch            = optional(string, "main")
    oidc_provider_arn = optional(string)
    repository        = string
  })
  default = null

  validation {
    condition     = var.github == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github.repository))
    error_message = "github.repository is \"${try(var.github.repository, "")}\"; it must be <owner>/<name>, without wildcards, since every repository that it matches could take the roles."
  }

  validation {
    condition     = var.github == null || can(regex("^[^*?\\s]+$", var.github.branch))
    error_message = "github.branch is \"${try(var.github.branch, "")}\"; it must be one branch, without wildcards."
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

variable "trusted_arns" {
  description = "The ARNs of roles, users or accounts that may take the roles in `deploy_roles`, besides GitHub's workflows."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.trusted_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:[^*]+$", arn))])
    error_message = "trusted_arns has ${join(", ", var.trusted_arns)}; each must be the ARN of a role, a user or an account's root, without wildcards."
  }
}
