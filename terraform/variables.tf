variable "agent_runtime_arn" {
  description = "The ARN of the Bedrock AgentCore runtime that answers queries; null for the knowledge base."
  type        = string
  default     = null

  validation {
    condition     = var.agent_runtime_arn == null || can(regex("^arn:[a-z-]+:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/[A-Za-z0-9_-]+$", var.agent_runtime_arn))
    error_message = "agent_runtime_arn is \"${coalesce(var.agent_runtime_arn, "null")}\"; AgentCore's are arn:<partition>:bedrock-agentcore:<region>:<account>:runtime/<id>."
  }
}

variable "allowed_account_ids" {
  description = "The AWS accounts (12 digits each) that this environment may be applied to; any other is refused before anything is read."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.allowed_account_ids) > 0 && alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids is [${join(", ", var.allowed_account_ids)}]; AWS account ids are 12 digits, and at least one is needed."
  }
}

variable "api_execution_log_level" {
  description = "What API Gateway logs of its own work: OFF, ERROR or INFO. Anything but OFF needs the account's log role, which terraform/bootstrap makes. Bodies are never logged."
  type        = string
  default     = "ERROR"
  nullable    = false

  validation {
    condition     = contains(["OFF", "ERROR", "INFO"], var.api_execution_log_level)
    error_message = "api_execution_log_level is \"${var.api_execution_log_level}\"; API Gateway knows OFF, ERROR and INFO."
  }
}

variable "artifact_bucket" {
  description = "The bucket that `make publish` uploads artifacts to and Lambda takes them from, as terraform/bootstrap made it; null where Terraform uploads the zips in `dist_dir`."
  type        = string
  default     = null
}

variable "authorization" {
  description = <<-EOT
    Who may connect:
    - `none`: ANYONE who learns the URL, and every answer they get is paid for (each plan warns of it);
    - `jwt`: whoever brings a token that counts by `jwt`;
    - `iam`: whoever signs the handshake with an AWS identity that the output `connect_policy_json` is attached to.
  EOT
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["iam", "jwt", "none"], var.authorization)
    error_message = "authorization is \"${var.authorization}\"; this configuration knows none, jwt and iam."
  }
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
}

variable "customer_managed_key_enabled" {
  description = "Whether queues, topic, log groups and environment variables are encrypted by a KMS key of this environment's own, instead of by AWS's; the key and its use are paid for."
  type        = bool
  default     = false
  nullable    = false
}

variable "dist_dir" {
  description = "The folder with manifest.json and the zips it names, relative to terraform/ (a path from the root would differ between machines and show as a change of every function)."
  type        = string
  default     = "../dist"
  nullable    = false

  validation {
    condition     = fileexists("${var.dist_dir}/manifest.json")
    error_message = "${var.dist_dir}/manifest.json does not exist; run make artifacts."
  }

  validation {
    condition = !fileexists("${var.dist_dir}/manifest.json") || try(
      jsondecode(file("${var.dist_dir}/manifest.json")).schemaVersion == 1, false
    )
    error_message = "${var.dist_dir}/manifest.json is not a manifest of schemaVersion 1, the one this configuration reads; run make artifacts."
  }

  validation {
    condition = !fileexists("${var.dist_dir}/manifest.json") || var.artifact_bucket != null || try(alltrue([
      for artifact in jsondecode(file("${var.dist_dir}/manifest.json")).artifacts :
      filebase64sha256("${var.dist_dir}/${artifact.path}") == artifact.sha256Base64
    ]), false)
    error_message = "A zip in ${var.dist_dir} is missing or isn't the one whose hash manifest.json states; run make artifacts."
  }
}

variable "environment" {
  description = "The environment's name, equal to the selected workspace; part of every name and the stage in the API's URL."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.environment))
    error_message = "environment is \"${var.environment}\"; this configuration's names allow 1 to 16 of a-z, 0-9 and -, a letter first."
  }

  validation {
    condition     = var.environment != "default"
    error_message = "environment is \"default\", Terraform's workspace for no environment in particular; run make init ENV=<environment>."
  }

  validation {
    condition     = var.environment == terraform.workspace
    error_message = "environment is \"${var.environment}\" but the selected workspace is \"${terraform.workspace}\"; both name the environment, so run make init ENV=${var.environment}."
  }
}

variable "generation" {
  description = <<-EOT
    How answers are made; what is left out is Bedrock's own choice:
    - `guardrail`: `id` and `version` of a guardrail for every question and answer;
    - `max_tokens`: the longest answer in tokens, 1 to 65,536. It counts against the account's quota from the start;
    - `models`: ARNs of the models that a workflow's step may name, by that name;
    - `number_of_results`: passages retrieved for a question, 1 to 100;
    - `prompt_template`: the knowledge base's prompt, with `$search_results$` in it, up to 2,000 characters;
    - `search_type`: HYBRID or SEMANTIC;
    - `temperature`: 0 to 1.
  EOT
  type = object({
    guardrail         = optional(object({ id = string, version = string }))
    max_tokens        = optional(number, 4096)
    models            = optional(map(string), {})
    number_of_results = optional(number)
    prompt_template   = optional(string)
    search_type       = optional(string)
    temperature       = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    # RetrieveAndGenerateStream takes up to 65,536 tokens (BR-06).
    condition     = var.generation.max_tokens >= 1 && var.generation.max_tokens <= 65536
    error_message = "generation.max_tokens is ${var.generation.max_tokens}; Bedrock takes 1 to 65,536."
  }

  validation {
    # RetrieveAndGenerateStream retrieves 1 to 100 passages (BR-06).
    condition     = var.generation.number_of_results == null || try(var.generation.number_of_results >= 1 && var.generation.number_of_results <= 100, false)
    error_message = "generation.number_of_results is ${coalesce(var.generation.number_of_results, 0)}; Bedrock takes 1 to 100."
  }

  validation {
    # RetrieveAndGenerateStream takes a temperature of 0 to 1 (BR-06).
    condition     = var.generation.temperature == null || try(var.generation.temperature >= 0 && var.generation.temperature <= 1, false)
    error_message = "generation.temperature is ${coalesce(var.generation.temperature, 0)}; Bedrock takes 0 to 1."
  }

  validation {
    condition     = var.generation.search_type == null || try(contains(["HYBRID", "SEMANTIC"], var.generation.search_type), false)
    error_message = "generation.search_type is \"${coalesce(var.generation.search_type, "null")}\"; Bedrock knows HYBRID and SEMANTIC."
  }

  # Bedrock takes 4,000 characters (BR-06), but all environment variables of a function share 4 KB (LAM-22).
  validation {
    condition     = var.generation.prompt_template == null || try(strcontains(var.generation.prompt_template, "$search_results$") && length(var.generation.prompt_template) <= 2000, false)
    error_message = "generation.prompt_template is ${length(coalesce(var.generation.prompt_template, "-"))} characters; it needs $search_results$ where Bedrock puts the passages, and at most 2,000 fit into a function's environment."
  }

  validation {
    condition     = alltrue([for name, arn in var.generation.models : can(regex("^arn:[a-z-]+:bedrock:[a-z0-9-]+:([0-9]{12})?:(foundation-model|(application-)?inference-profile)/[^\\s]+$", arn))])
    error_message = "generation.models is ${jsonencode(var.generation.models)}; each has to be the ARN of a foundation model or an inference profile, as model_arn."
  }
}

variable "jwt" {
  description = <<-EOT
    Which tokens count where authorization is `jwt`, null otherwise:
    - `algorithms`: how they may be signed, RS256 or ES256 or both;
    - `audiences`: whom they may be for (`aud`), at least one;
    - `context_claims`: claims that go, beside `sub`, into the queue's messages and the logs: name no secrets;
    - `issuer`: who makes them (`iss`), to the letter;
    - `jwks_url`: where the issuer publishes its keys, https alone;
    - `query_parameter`: a parameter of the URL that may hold the token as well; empty, none may. API Gateway logs no
      query strings here, but proxies on the way may.
  EOT
  type = object({
    algorithms      = optional(set(string), ["RS256"])
    audiences       = set(string)
    context_claims  = optional(set(string), [])
    issuer          = string
    jwks_url        = string
    query_parameter = optional(string, "")
  })
  default = null

  validation {
    condition     = (var.jwt != null) == (var.authorization == "jwt")
    error_message = "authorization is \"${var.authorization}\" and jwt is ${var.jwt == null ? "null" : "set"}; jwt goes with authorization = \"jwt\", and with that alone."
  }

  validation {
    condition     = try(length(var.jwt.algorithms) > 0 && length(setsubtract(var.jwt.algorithms, ["ES256", "RS256"])) == 0, var.jwt == null)
    error_message = "jwt.algorithms is [${try(join(", ", var.jwt.algorithms), "")}]; the authorizer verifies RS256 and ES256."
  }

  validation {
    condition = try(length(var.jwt.audiences) > 0 && alltrue([
      for word in setunion(var.jwt.audiences, var.jwt.context_claims) : can(regex("^\\S+$", word))
    ]), var.jwt == null)
    error_message = "jwt.audiences is [${try(join(", ", var.jwt.audiences), "")}] and jwt.context_claims [${try(join(", ", var.jwt.context_claims), "")}]; at least one audience is needed, and neither may hold spaces or be empty."
  }

  validation {
    condition     = var.jwt == null || can(regex("^https://[^\\s/]+(/\\S*)?$", var.jwt.jwks_url))
    error_message = "jwt.jwks_url is \"${try(var.jwt.jwks_url, "")}\"; keys are fetched by https alone."
  }

  validation {
    condition     = try(var.jwt.issuer != "", var.jwt == null)
    error_message = "jwt.issuer is empty; it is what the tokens' iss says."
  }

  validation {
    condition     = var.jwt == null || can(regex("^[A-Za-z0-9_-]{0,64}$", var.jwt.query_parameter))
    error_message = "jwt.query_parameter is \"${try(var.jwt.query_parameter, "")}\"; the authorizer takes up to 64 of A-Z, a-z, 0-9, _ and -."
  }
}

variable "knowledge_base_id" {
  description = "The id (1 to 10 letters and digits) of the Bedrock knowledge base that answers queries."
  type        = string
  nullable    = false

  validation {
    # Bedrock's knowledge base ids are at most 10 letters and digits (BR-05).
    condition     = can(regex("^[0-9A-Za-z]{1,10}$", var.knowledge_base_id))
    error_message = "knowledge_base_id is \"${var.knowledge_base_id}\"; Bedrock's are 1 to 10 letters and digits (the id, not the name or the ARN)."
  }
}

variable "log_level" {
  description = "The least severe line the functions log: INFO, WARNING or ERROR."
  type        = string
  default     = "INFO"
  nullable    = false

  # No DEBUG: Lambda's own filter would have to be at DEBUG too, and that opens botocore's debug lines, which quote
  # questions and answers.
  validation {
    condition     = contains(["INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level is \"${var.log_level}\"; the functions take INFO, WARNING or ERROR."
  }
}

variable "log_retention_days" {
  description = "How many days every log group keeps its lines."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}; CloudWatch Logs takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or 1096 days, and 5 to 10 years of days."
  }
}

variable "main_function" {
  description = <<-EOT
    The function that answers:
    - `canary`: null, or `stable_version`, the version that goes on serving, and `weight`, the newest's share of the calls;
    - `batch_size`: requests an invocation works on at once, 1 to 10: more share its memory and its start, and its timeout;
    - `maximum_concurrency`: how many invocations may be under way at once, 2 to 1,000;
    - `memory_mb`: memory in MB, 128 to 10,240 (1,769 MB is one CPU);
    - `name`: its name, null for `<project>-<environment>-main`;
    - `reserved_concurrency`: environments kept for it, at least `maximum_concurrency`; null for none;
    - `timeout_seconds`: the longest that one attempt at an answer may take, 30 to 900 s.
  EOT
  type = object({
    batch_size = optional(number, 1)
    canary = optional(object({
      stable_version = string
      weight         = number
    }))
    maximum_concurrency  = optional(number, 10)
    memory_mb            = optional(number, 512)
    name                 = optional(string)
    reserved_concurrency = optional(number)
    timeout_seconds      = optional(number, 900)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.main_function.batch_size >= 1 && var.main_function.batch_size <= 10
    error_message = "main_function.batch_size is ${var.main_function.batch_size}; this configuration takes 1 to 10, as many as one receive from SQS gives."
  }

  validation {
    # An event source mapping takes a maximum concurrency of 2 to 1,000 (ESM-03).
    condition     = var.main_function.maximum_concurrency >= 2 && var.main_function.maximum_concurrency <= 1000
    error_message = "main_function.maximum_concurrency is ${var.main_function.maximum_concurrency}; Lambda takes 2 to 1,000 for an event source mapping."
  }

  validation {
    # Lambda stops an invocation after 900 s at the latest (LAM-26).
    condition     = var.main_function.timeout_seconds >= 3 * local._reserved_seconds && var.main_function.timeout_seconds <= 900
    error_message = "main_function.timeout_seconds is ${var.main_function.timeout_seconds}; Lambda's limit is 900 s, and below ${3 * local._reserved_seconds} s there is no time for an answer."
  }

  validation {
    # A throttled invocation counts as a receive, so the pollers must not run more than the function may (ESM-03).
    condition     = var.main_function.reserved_concurrency == null || try(var.main_function.maximum_concurrency <= var.main_function.reserved_concurrency, false)
    error_message = "main_function.maximum_concurrency is ${var.main_function.maximum_concurrency} and reserved_concurrency is ${coalesce(var.main_function.reserved_concurrency, 0)}; SQS would receive what Lambda then refuses to run, and each receive uses up an attempt."
  }
}

variable "max_attempts" {
  description = "How often an answer is attempted before the request is buried in the dead-letter queue, 1 to 10."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.max_attempts >= 1 && var.max_attempts <= 10 && floor(var.max_attempts) == var.max_attempts
    error_message = "max_attempts is ${var.max_attempts}; this configuration takes a whole number from 1 to 10, since each attempt is a paid call."
  }
}

variable "model_arn" {
  description = "The ARN of the Bedrock model that writes answers: a foundation model, or an inference profile of this account (whoever plans then needs bedrock:GetInferenceProfile, to learn its destination Regions)."
  type        = string
  nullable    = false

  validation {
    # RetrieveAndGenerateStream takes a model's ARN of at most 2,048 characters (BR-05).
    condition     = can(regex("^arn:[a-z-]+:bedrock:[a-z0-9-]+:([0-9]{12})?:(foundation-model|(application-)?inference-profile)/[^\\s]+$", var.model_arn)) && length(var.model_arn) <= 2048
    error_message = "model_arn is \"${var.model_arn}\"; Bedrock takes at most 2,048 characters, arn:<partition>:bedrock:<region>::foundation-model/<id> or arn:<partition>:bedrock:<region>:<account>:inference-profile/<id>."
  }
}

variable "project" {
  description = "The first part of every name."
  type        = string
  default     = "selador"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.project))
    error_message = "project is \"${var.project}\"; this configuration's names allow 1 to 20 of a-z, 0-9 and -, a letter first."
  }
}

variable "protected" {
  description = "Whether `make destroy` refuses this environment; its resources are also tagged `protected`, for policies of the organization to look at."
  type        = bool
  default     = false
  nullable    = false
}

variable "queue_retention" {
  description = <<-EOT
    How many seconds requests are kept, 60 to 1,209,600 (14 days):
    - `dead_letters_seconds`: in the dead-letter queue, counted from their first sending, so longer than
      `messages_seconds`;
    - `messages_seconds`: in the queue, longer than a request may live.
  EOT
  type = object({
    dead_letters_seconds = optional(number, 1209600)
    messages_seconds     = optional(number, 345600)
  })
  default  = {}
  nullable = false
}

variable "region" {
  description = "The AWS Region that everything lives in, such as eu-central-1."
  type        = string
  nullable    = false
}

variable "request_max_age_seconds" {
  description = "A request's useful life in seconds, 60 to 86,400: one that has waited longer before its first attempt is answered `deadline_exceeded`, unread and unpaid."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.request_max_age_seconds >= 60 && var.request_max_age_seconds <= 86400
    error_message = "request_max_age_seconds is ${var.request_max_age_seconds}; this configuration takes 60 to 86,400 s, well within the 4 days that the queue keeps a request."
  }
}

variable "tags" {
  description = "Tags for everything, beside `environment` and `project`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !contains(["environment", "project", "protected"], key) && !startswith(lower(key), "aws:")])
    error_message = "tags has ${join(", ", keys(var.tags))}; environment, project and protected are this configuration's own, and AWS keeps aws: for itself."
  }
}

variable "throttling" {
  description = "Messages that the API lets through: `rate_limit` a second on average, `burst_limit` at once. They can only lower the account's own limits (10,000 a second and 5,000 unless raised)."
  type = object({
    burst_limit = optional(number, 500)
    rate_limit  = optional(number, 500)
  })
  default  = {}
  nullable = false

  validation {
    # With a limit of 0, API Gateway refuses every connection with 429 (TF-08).
    condition     = var.throttling.burst_limit >= 1 && var.throttling.rate_limit >= 1
    error_message = "throttling is ${var.throttling.rate_limit} a second, ${var.throttling.burst_limit} at once; below 1 API Gateway refuses every connection with 429."
  }
}

variable "tracing_enabled" {
  description = "Whether the functions' invocations are traced by X-Ray. (API Gateway traces no WebSocket API.)"
  type        = bool
  default     = false
  nullable    = false
}

variable "websocket_handler" {
  description = <<-EOT
    The function behind the API:
    - `canary`: null, or `stable_version`, the version that goes on serving, and `weight`, the newest's share of the calls;
    - `memory_mb`: memory in MB, 128 to 10,240 (1,769 MB is one CPU);
    - `name`: its name, null for `<project>-<environment>-websocket-handler`;
    - `reserved_concurrency`: environments kept for it, null for none;
    - `snap_start_enabled`: whether new environments begin from a snapshot, which is paid for.
  EOT
  type = object({
    canary = optional(object({
      stable_version = string
      weight         = number
    }))
    memory_mb            = optional(number, 512)
    name                 = optional(string)
    reserved_concurrency = optional(number)
    snap_start_enabled   = optional(bool, false)
  })
  default  = {}
  nullable = false
}
