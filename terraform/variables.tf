locals {
  # What ConverseStream and a knowledge base take for a model (BR-05, BR-17).
  _model_kinds = [
    "foundation-model", "inference-profile", "application-inference-profile", "provisioned-model",
    "custom-model-deployment", "imported-model", "prompt-router", "default-prompt-router",
  ]
  _model_arn_pattern = "^arn:[a-z-]+:bedrock:[a-z0-9-]+:([0-9]{12})?:(${join("|", local._model_kinds)})/[^\\s]+$"
}

variable "agent_runtime_arn" {
  description = <<-EOT
    The ARN of the Bedrock AgentCore runtime that answers questions. If null, the knowledge base answers them. It gets
    `{"prompt": "…"}`, and may answer in these forms; docs/agents.md has them all:
    - server-sent events (text/event-stream) of text, of ConverseStream's events below `event`, or of `data`;
    - one JSON value (application/json): a string, or an object with `result`, `response` or `output`;
    - an object with an `error`, or whose type ends in error: the attempt fails.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.agent_runtime_arn == null || can(regex("^arn:[a-z-]+:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/[A-Za-z0-9_-]+$", var.agent_runtime_arn))
    error_message = "agent_runtime_arn is \"${coalesce(var.agent_runtime_arn, "null")}\"; an AgentCore runtime's ARN is arn:<partition>:bedrock-agentcore:<region>:<account>:runtime/<id>."
  }

  validation {
    condition     = var.agent_runtime_arn == null || try(split(":", var.agent_runtime_arn)[3] == var.region, false)
    error_message = "agent_runtime_arn is \"${coalesce(var.agent_runtime_arn, "null")}\" and region is \"${var.region}\"; the main function asks a runtime of its own Region."
  }
}

variable "alarm_subscriptions" {
  description = <<-EOT
    Who is paged when users get no answers, and told when that is over: endpoints by protocol, for example
    `{ email = ["on-call@example.com"] }`. Protocols are email, email-json, https, lambda, sms and sqs. SNS asks people and
    web servers to confirm first, and sends them nothing before they have.
  EOT
  type        = map(set(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.alarm_subscriptions), ["email", "email-json", "https", "lambda", "sms", "sqs"])) == 0
    error_message = "alarm_subscriptions has ${join(", ", keys(var.alarm_subscriptions))}; this configuration takes the protocols email, email-json, https, lambda, sms and sqs."
  }
}

variable "alarm_thresholds" {
  description = "When alarms go off, each of them null for the default of modules/alarms. Its README says what they mean."
  type = object({
    api_errors_percent          = optional(number)
    authorizer_slow_percent     = optional(number)
    bedrock_throttles_percent   = optional(number)
    blocked_percent             = optional(number)
    certificate_days            = optional(number)
    clients_leave_percent       = optional(number)
    connects_fail_percent       = optional(number)
    dead_letters_days           = optional(number)
    dead_letters_many           = optional(number)
    deliveries_fail_percent     = optional(number)
    deployment_fault_percent    = optional(number)
    front_door_fails_percent    = optional(number)
    handler_slow_ms             = optional(number)
    key_set_unavailable_percent = optional(number)
    least_bad_requests          = optional(number)
    main_crashes_percent        = optional(number)
    model_days                  = optional(number)
    posts_throttled_percent     = optional(number)
    throttles_percent           = optional(number)
    tokens_an_hour              = optional(number)
    unaccounted_percent         = optional(number)
  })
  default  = {}
  nullable = false
}

variable "alarm_topic_arns" {
  description = "The ARNs of SNS topics that your organization has already, for `page` and for `ticket`; null for a topic of the environment's own. The topics' policies must let CloudWatch publish."
  type = object({
    page   = optional(string)
    ticket = optional(string)
  })
  default  = {}
  nullable = false
}

variable "allowed_account_ids" {
  description = "The AWS accounts that this environment may be applied to, 12 digits each. Terraform refuses any other account before it reads anything."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.allowed_account_ids) > 0 && alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids is [${join(", ", var.allowed_account_ids)}]; it needs at least one AWS account id, and each has 12 digits."
  }
}

variable "api_access_log_enabled" {
  description = "Whether API Gateway logs each connection and message, without bodies. If true, the account needs the log role that `make bootstrap` creates."
  type        = bool
  default     = true
  nullable    = false
}

variable "api_execution_log_level" {
  description = "How much API Gateway logs of its own work: OFF, ERROR or INFO. It never logs the bodies of messages. Unless it is OFF, the account needs the log role that `make bootstrap` creates."
  type        = string
  default     = "ERROR"
  nullable    = false

  validation {
    condition     = contains(["OFF", "ERROR", "INFO"], var.api_execution_log_level)
    error_message = "api_execution_log_level is \"${var.api_execution_log_level}\"; API Gateway takes OFF, ERROR and INFO."
  }
}

variable "artifact_bucket" {
  description = "The bucket that `make publish` uploads artifacts to and Lambda takes them from; `make bootstrap` creates it. If null, Terraform itself uploads the zips in `dist_dir`."
  type        = string
  default     = null
}

variable "authorization" {
  description = <<-EOT
    Who may connect:
    - `none`: ANYONE who learns the URL. You pay for every answer they get, and each plan warns of it;
    - `jwt`: clients with a token that is valid by the variable `jwt`;
    - `iam`: clients that sign the handshake with an AWS identity. Attach the output `connect_policy_json` to it.

    There is no default: whoever creates an environment says who may connect.
  EOT
  type        = string
  nullable    = false

  validation {
    condition     = contains(["iam", "jwt", "none"], var.authorization)
    error_message = "authorization is \"${var.authorization}\"; this configuration takes none, jwt and iam."
  }
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
    condition     = var.custom_domain == null || try(split(":", var.custom_domain.certificate_arn)[3] == var.region, false)
    error_message = "custom_domain.certificate_arn is \"${try(var.custom_domain.certificate_arn, "")}\" and region is \"${var.region}\"; API Gateway takes a certificate of its own Region."
  }
}

variable "customer_managed_key_enabled" {
  description = "Whether a KMS key of this environment encrypts the queues, the topics, the log groups and the environment variables. If false, AWS's own keys do. You pay for the key and for its use."
  type        = bool
  default     = false
  nullable    = false
}

variable "dist_dir" {
  description = "The folder with manifest.json and its zips, relative to terraform/. An absolute path would differ between machines, and each plan would show a change of every function."
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
    error_message = "${var.dist_dir}/manifest.json is not a manifest of schemaVersion 1, which this configuration reads; run make artifacts."
  }

  validation {
    condition = !fileexists("${var.dist_dir}/manifest.json") || var.artifact_bucket != null || try(alltrue([
      for artifact in jsondecode(file("${var.dist_dir}/manifest.json")).artifacts :
      filebase64sha256("${var.dist_dir}/${artifact.path}") == artifact.sha256Base64
    ]), false)
    error_message = "A zip in ${var.dist_dir} is missing, or its hash is not the one in manifest.json; run make artifacts."
  }

  validation {
    # Releases of before the authorizer had an artifact ran it from the handler's.
    condition = var.jwt == null || !fileexists("${var.dist_dir}/manifest.json") || try(
      contains(keys(jsondecode(file("${var.dist_dir}/manifest.json")).artifacts), "authorizer"), false
    )
    error_message = "jwt is set, and ${var.dist_dir}/manifest.json names no artifact for the authorizer: the release is older than that artifact. To deploy it, check out the commit that it was built from (${try(jsondecode(file("${var.dist_dir}/manifest.json")).source.commit, "its manifest names none")}), and plan there. Otherwise run make artifacts."
  }
}

variable "environment" {
  description = "The environment's name, equal to the selected workspace. It is part of every name, and the stage in the API's URL unless `names` has another."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.environment))
    error_message = "environment is \"${var.environment}\"; it must be 1 to 16 characters of a-z, 0-9 and -, and begin with a letter."
  }

  validation {
    condition     = var.environment != "default"
    error_message = "environment is \"default\", the workspace that is selected before anybody selects one; run make init ENV=<environment>."
  }

  validation {
    condition     = var.environment == terraform.workspace
    error_message = "environment is \"${var.environment}\", but the selected workspace is \"${terraform.workspace}\"; they must be equal, so run make init ENV=${var.environment}."
  }
}

variable "generation" {
  description = <<-EOT
    How answers are generated. Bedrock chooses whatever you leave out, except `max_tokens`:
    - `guardrail`: `id` and `version` of a guardrail that checks every question and answer;
    - `max_tokens`: the longest answer in tokens, 1 to 65,536, by default 4,096. Bedrock counts it against the account's
      quota when the request begins;
    - `models`: the ARNs of further models, by the name that a workflow's step uses for them;
    - `number_of_results`: how many passages are retrieved for a question, 1 to 100;
    - `prompt_template`: the knowledge base's prompt, up to 2,000 characters. It must contain `$search_results$`;
    - `search_type`: HYBRID or SEMANTIC;
    - `service_tier`: default, flex, priority or reserved. It is for the models that workflows ask; a knowledge base takes none;
    - `temperature`: 0 to 1.
  EOT
  type = object({
    guardrail         = optional(object({ id = string, version = string }))
    max_tokens        = optional(number, 4096)
    models            = optional(map(string), {})
    number_of_results = optional(number)
    prompt_template   = optional(string)
    search_type       = optional(string)
    service_tier      = optional(string)
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
    error_message = "generation.search_type is \"${coalesce(var.generation.search_type, "null")}\"; Bedrock takes HYBRID and SEMANTIC."
  }

  validation {
    condition     = var.generation.service_tier == null || try(contains(["default", "flex", "priority", "reserved"], var.generation.service_tier), false)
    error_message = "generation.service_tier is \"${coalesce(var.generation.service_tier, "null")}\"; Bedrock takes default, flex, priority and reserved."
  }

  validation {
    condition     = alltrue([for number in [var.generation.max_tokens, var.generation.number_of_results] : number == null || try(floor(number) == number, false)])
    error_message = "generation.max_tokens is ${var.generation.max_tokens} and generation.number_of_results is ${coalesce(var.generation.number_of_results, 0)}; both take whole numbers."
  }

  validation {
    condition     = alltrue([for arn in values(var.generation.models) : try(split(":", arn)[3] == var.region, false)])
    error_message = "generation.models is ${jsonencode(var.generation.models)} and region is \"${var.region}\"; Bedrock asks models by ARNs of its own Region. An inference profile of that Region reaches others."
  }

  # Bedrock takes 4,000 characters (BR-06), but all environment variables of a function share 4 KB (LAM-22).
  validation {
    condition     = var.generation.prompt_template == null || try(strcontains(var.generation.prompt_template, "$search_results$") && length(var.generation.prompt_template) <= 2000, false)
    error_message = "generation.prompt_template is ${length(coalesce(var.generation.prompt_template, "-"))} characters; it must contain $search_results$, which Bedrock replaces by the passages, and have at most 2,000 characters, so that it fits into the function's environment."
  }

  validation {
    condition     = alltrue([for name, arn in var.generation.models : can(regex(local._model_arn_pattern, arn))])
    error_message = "generation.models is ${jsonencode(var.generation.models)}; each value must be a model's ARN, of one of these kinds: ${join(", ", local._model_kinds)}."
  }
}

variable "heartbeat_minutes" {
  description = "How often a smoke test on a schedule reports to this environment, in minutes, 1 to 1,440; null if none does. After two reports that are missing or bad, the alarm heartbeat-fails pages. Switch it on after the schedule."
  type        = number
  default     = null
}

variable "jwt" {
  description = <<-EOT
    Which tokens are valid if authorization is `jwt`. While this is set, the authorizer exists, whether routes ask it or not.
    So to stop asking it, change authorization first and set this to null in a later apply:
    - `algorithms`: the accepted signature algorithms: RS256, ES256 or both;
    - `audiences`: the accepted values of the claim `aud`, or of `client_id` in a token without `aud`; at least one. For
      Amazon Cognito these are app client ids: its ID tokens have the id in `aud`, its access tokens in `client_id`.
      Clients should send access tokens;
    - `context_claims`: claims that, besides `sub`, go into the queue's messages and the logs. Name no secrets;
    - `issuer`: the exact value of the claim `iss`;
    - `jwks_url`: the https URL of the issuer's public keys;
    - `query_parameter`: a parameter of the URL that may hold the token as well; empty for none. API Gateway logs no
      query strings here, but a proxy on the way may.
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
    condition     = var.jwt != null || var.authorization != "jwt"
    error_message = "authorization is \"jwt\" and jwt is null; set jwt to say which tokens are valid."
  }

  validation {
    condition     = try(length(var.jwt.algorithms) > 0 && length(setsubtract(var.jwt.algorithms, ["ES256", "RS256"])) == 0, var.jwt == null)
    error_message = "jwt.algorithms is [${try(join(", ", var.jwt.algorithms), "")}]; it needs at least one of RS256 and ES256, which the authorizer verifies."
  }

  validation {
    condition = try(length(var.jwt.audiences) > 0 && alltrue([
      for word in setunion(var.jwt.audiences, var.jwt.context_claims) : can(regex("^\\S+$", word))
    ]), var.jwt == null)
    error_message = "jwt.audiences is [${try(join(", ", var.jwt.audiences), "")}] and jwt.context_claims [${try(join(", ", var.jwt.context_claims), "")}]; at least one audience is needed, and no entry may be empty or contain spaces."
  }

  validation {
    condition     = var.jwt == null || can(regex("^https://[^\\s/]+(/\\S*)?$", var.jwt.jwks_url))
    error_message = "jwt.jwks_url is \"${try(var.jwt.jwks_url, "")}\"; it must be an https URL."
  }

  validation {
    condition     = try(var.jwt.issuer != "", var.jwt == null)
    error_message = "jwt.issuer is empty; it must be the value of the claim iss in the tokens."
  }

  validation {
    condition     = var.jwt == null || can(regex("^[A-Za-z0-9_-]{0,64}$", var.jwt.query_parameter))
    error_message = "jwt.query_parameter is \"${try(var.jwt.query_parameter, "")}\"; it may have up to 64 characters of A-Z, a-z, 0-9, _ and -."
  }
}

variable "kms_key_arn" {
  description = "The ARN of a KMS key that your organization has already, which then encrypts what `customer_managed_key_enabled` would make a key for; null for none. The key's policy must let CloudWatch and CloudWatch Logs use it."
  type        = string
  default     = null

  validation {
    # An alias won't do: CloudWatch Logs and Lambda take a key's own ARN.
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn is \"${coalesce(var.kms_key_arn, "null")}\"; it must be a key's ARN, arn:<partition>:kms:<region>:<account>:key/<id>, and no alias."
  }

  validation {
    condition     = var.kms_key_arn == null || try(split(":", var.kms_key_arn)[3] == var.region, false)
    error_message = "kms_key_arn is \"${coalesce(var.kms_key_arn, "null")}\" and region is \"${var.region}\"; a queue takes a key of its own Region."
  }

  validation {
    condition     = var.kms_key_arn == null || !var.customer_managed_key_enabled
    error_message = "kms_key_arn names your organization's key, and customer_managed_key_enabled asks for one of the environment's own; set one of the two."
  }
}

variable "knowledge_base_id" {
  description = "The id of the Bedrock knowledge base that answers questions: 1 to 10 letters and digits."
  type        = string
  nullable    = false

  validation {
    # Bedrock's knowledge base ids are at most 10 letters and digits (BR-05).
    condition     = can(regex("^[0-9A-Za-z]{1,10}$", var.knowledge_base_id))
    error_message = "knowledge_base_id is \"${var.knowledge_base_id}\"; Bedrock's ids have 1 to 10 letters and digits. Give the id, not the name or the ARN."
  }
}

variable "knowledge_base_type" {
  description = "The type of the knowledge base: VECTOR, KENDRA, SQL or MANAGED. A managed one plans its searches, takes questions of up to 20,000 characters, and keeps no conversation."
  type        = string
  default     = "VECTOR"
  nullable    = false

  validation {
    condition     = contains(["VECTOR", "KENDRA", "SQL", "MANAGED"], var.knowledge_base_type)
    error_message = "knowledge_base_type is \"${var.knowledge_base_type}\"; Bedrock takes VECTOR, KENDRA, SQL and MANAGED."
  }

  validation {
    condition     = var.knowledge_base_type != "MANAGED" || (var.generation.prompt_template == null && var.generation.search_type == null)
    error_message = "knowledge_base_type is MANAGED, but generation sets prompt_template or search_type; a managed knowledge base takes neither, so set them to null."
  }
}

variable "log_level" {
  description = "The lowest level of the lines that the functions log: INFO, WARNING or ERROR."
  type        = string
  default     = "INFO"
  nullable    = false

  # DEBUG would need Lambda's own filter at DEBUG too. That lets botocore's debug lines through, which quote questions
  # and answers.
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
    error_message = "log_retention_days is ${var.log_retention_days}; CloudWatch Logs takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "main_function" {
  description = <<-EOT
    The function that answers:
    - `batch_size`: how many requests one invocation works on at once, 1 to 10. They share its cold start, its memory
      and its timeout;
    - `canary`: null, or `stable_version`, the version that keeps serving, and `weight`, the newest version's share of
      the calls;
    - `maximum_concurrency`: how many invocations may run at once, 2 to 1,000;
    - `memory_mb`: memory in MB, 128 to 10,240. 1,769 MB give one CPU;
    - `name`: its name; null for `<project>-<environment>-main`;
    - `reserved_concurrency`: the concurrency reserved for it, at least `maximum_concurrency`; null for none;
    - `timeout_seconds`: the longest time for one attempt at an answer, 63 to 900 s.
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
    condition     = var.main_function.batch_size >= 1 && var.main_function.batch_size <= 10 && floor(var.main_function.batch_size) == var.main_function.batch_size
    error_message = "main_function.batch_size is ${var.main_function.batch_size}; it takes a whole number from 1 to 10, since one receive from SQS returns at most 10 messages."
  }

  validation {
    # An event source mapping takes a maximum concurrency of 2 to 1,000 (ESM-03).
    condition     = var.main_function.maximum_concurrency >= 2 && var.main_function.maximum_concurrency <= 1000 && floor(var.main_function.maximum_concurrency) == var.main_function.maximum_concurrency
    error_message = "main_function.maximum_concurrency is ${var.main_function.maximum_concurrency}; Lambda takes a whole number from 2 to 1,000 for an event source mapping."
  }

  validation {
    # Lambda stops an invocation after 900 s at the latest (LAM-26).
    condition     = var.main_function.timeout_seconds >= 3 * local._reserved_seconds && var.main_function.timeout_seconds <= 900
    error_message = "main_function.timeout_seconds is ${var.main_function.timeout_seconds}; Lambda's limit is 900 s, and less than ${3 * local._reserved_seconds} s leave no time for an answer."
  }

  validation {
    # A throttled invocation counts as a receive, so the pollers must not run more than the function may (ESM-03).
    condition     = var.main_function.reserved_concurrency == null || try(var.main_function.maximum_concurrency <= var.main_function.reserved_concurrency, false)
    error_message = "main_function.maximum_concurrency is ${var.main_function.maximum_concurrency} and reserved_concurrency is ${coalesce(var.main_function.reserved_concurrency, 0)}; the latter must not be lower. Otherwise Lambda receives messages that it then throttles, and each receive uses up an attempt."
  }
}

variable "max_attempts" {
  description = "How many attempts at an answer a request gets before it goes to the dead-letter queue, 1 to 10."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.max_attempts >= 1 && var.max_attempts <= 10 && floor(var.max_attempts) == var.max_attempts
    error_message = "max_attempts is ${var.max_attempts}; it takes a whole number from 1 to 10, since you pay for each attempt."
  }
}

variable "model_arn" {
  description = <<-EOT
    The ARN of the Bedrock model that writes answers:
    - a foundation model;
    - an inference profile of this account. To plan with one, you need bedrock:GetInferenceProfile, which tells Terraform
      the profile's Regions;
    - a provisioned model, a custom model's deployment, or an imported model;
    - a prompt router.
  EOT
  type        = string
  nullable    = false

  validation {
    # RetrieveAndGenerateStream takes a model's ARN of at most 2,048 characters (BR-05).
    condition     = can(regex(local._model_arn_pattern, var.model_arn)) && length(var.model_arn) <= 2048
    error_message = "model_arn is \"${var.model_arn}\"; it must be arn:<partition>:bedrock:<region>::foundation-model/<id> or arn:<partition>:bedrock:<region>:<account>:<kind>/<id>, of at most 2,048 characters. The kinds are ${join(", ", local._model_kinds)}."
  }

  validation {
    condition     = try(split(":", var.model_arn)[3] == var.region, false)
    error_message = "model_arn is \"${var.model_arn}\" and region is \"${var.region}\"; Bedrock asks a model by an ARN of its own Region. An inference profile of that Region reaches others."
  }
}

variable "names" {
  description = <<-EOT
    Names that a system of yours had before Terraform made it, each null for the usual one. docs/migrating.md says when:
    - `dead_letter_queue`: at most 80 characters; null for the queue's name with -dead-letter at its end;
    - `queue`: at most 80 characters, or 68 if `dead_letter_queue` is null; null for `<project>-<environment>-requests`;
    - `stage`: the last part of the API's URL, at most 128 characters; null for the environment's name.

    The functions' names stand in `main_function` and `websocket_handler`.
  EOT
  type = object({
    dead_letter_queue = optional(string)
    queue             = optional(string)
    stage             = optional(string)
  })
  default  = {}
  nullable = false
}

variable "objectives" {
  description = <<-EOT
    What users are promised, each null for the default of modules/alarms; docs/operations.md says why it is so:
    - `completed_percent`: how many of the requests that end well or fail through us are completed, by default 99.5;
    - `days`: over how many days that is judged, by default 30;
    - `first_words_seconds`: how long 95 of 100 attempts take at most until the answer's first words, by default 30;
    - `queue_wait_seconds`: how long 95 of 100 requests wait at most until somebody works on them, by default 60.
  EOT
  type = object({
    completed_percent   = optional(number)
    days                = optional(number)
    first_words_seconds = optional(number)
    queue_wait_seconds  = optional(number)
  })
  default  = {}
  nullable = false
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
  description = "The first part of every name."
  type        = string
  default     = "selador"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.project))
    error_message = "project is \"${var.project}\"; it must be 1 to 20 characters of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "protected" {
  description = "Whether `make destroy` refuses this environment. If true, its resources also have the tag `protected`, which your organization's policies can check."
  type        = bool
  default     = false
  nullable    = false
}

variable "queue_retention" {
  description = <<-EOT
    How many seconds SQS keeps requests, 60 to 1,209,600 (14 days):
    - `dead_letters_seconds`: in the dead-letter queue. SQS counts from the first sending, so this must be longer than
      `messages_seconds`;
    - `messages_seconds`: in the queue. This must be longer than a request can live.
  EOT
  type = object({
    dead_letters_seconds = optional(number, 1209600)
    messages_seconds     = optional(number, 345600)
  })
  default  = {}
  nullable = false
}

variable "region" {
  description = "The AWS Region of all resources, for example eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region is \"${var.region}\"; it must be an AWS Region, for example eu-central-1."
  }
}

variable "request_max_age_seconds" {
  description = "A request's useful life in seconds, 60 to 86,400. No attempt begins after it. The client gets the error `deadline_exceeded`, and no model is called."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.request_max_age_seconds >= 60 && var.request_max_age_seconds <= 86400 && floor(var.request_max_age_seconds) == var.request_max_age_seconds
    error_message = "request_max_age_seconds is ${var.request_max_age_seconds}; it takes a whole number from 60 to 86,400 s, which is well below the 4 days that the queue keeps a request by default."
  }
}

variable "role_path" {
  description = "The path of every role, with a / at both ends, for example /answers/. Choose it before the first apply: another path makes other roles, and while they are replaced the functions do no work."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    # What IAM takes for a path: 1 to 512 characters of printable ASCII.
    condition     = can(regex("^/([!-.0-~]+/)*$", var.role_path)) && length(var.role_path) <= 512
    error_message = "role_path is \"${var.role_path}\" (${length(var.role_path)} characters); IAM takes / or a path that begins and ends with /, of at most 512 characters without spaces."
  }
}

variable "runbook_base_url" {
  description = "What stands before an alarm's key and .md in the link to its runbook, for example `https://github.com/<owner>/<repository>/blob/main/docs/runbooks/`."
  type        = string
  default     = "docs/runbooks/"
  nullable    = false
}

variable "tags" {
  description = "Tags for all resources, besides `environment` and `project`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    # IAM compares the keys of tags without regard to case (TF-24).
    condition     = alltrue([for key in keys(var.tags) : !contains(["environment", "project", "protected"], lower(key)) && !startswith(lower(key), "aws:")])
    error_message = "tags has ${join(", ", keys(var.tags))}; this configuration sets environment, project and protected itself, in whatever case, and AWS reserves names that begin with aws:."
  }

  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags has ${join(", ", keys(var.tags))}; keys must differ in more than their case, since IAM takes no two that are equal without it."
  }
}

variable "throttling" {
  description = "How many messages the API lets through: `rate_limit` per second on average, `burst_limit` at once. They can only lower the account's limits, by default 10,000 per second and 5,000 at once."
  type = object({
    burst_limit = optional(number, 500)
    rate_limit  = optional(number, 500)
  })
  default  = {}
  nullable = false

  validation {
    # With a limit of 0, API Gateway refuses every connection with 429 (TF-08).
    condition     = var.throttling.burst_limit >= 1 && var.throttling.rate_limit >= 1
    error_message = "throttling is ${var.throttling.rate_limit} per second and ${var.throttling.burst_limit} at once; with less than 1, API Gateway refuses every connection with 429."
  }

  validation {
    condition     = floor(var.throttling.burst_limit) == var.throttling.burst_limit
    error_message = "throttling.burst_limit is ${var.throttling.burst_limit}; API Gateway takes a whole number of messages at once."
  }
}

variable "ticket_subscriptions" {
  description = "Who is told of what can wait for the morning, in the form of `alarm_subscriptions`. If null, who is paged hears that, too."
  type        = map(set(string))
  default     = null

  validation {
    condition     = var.ticket_subscriptions == null || try(length(setsubtract(keys(var.ticket_subscriptions), ["email", "email-json", "https", "lambda", "sms", "sqs"])) == 0, false)
    error_message = "ticket_subscriptions has ${try(join(", ", keys(var.ticket_subscriptions)), "")}; this configuration takes the protocols email, email-json, https, lambda, sms and sqs."
  }
}

variable "tracing_enabled" {
  description = "Whether X-Ray traces the functions' invocations. API Gateway itself traces no WebSocket API."
  type        = bool
  default     = false
  nullable    = false
}

variable "websocket_handler" {
  description = <<-EOT
    The function behind the API:
    - `canary`: null, or `stable_version`, the version that keeps serving, and `weight`, the newest version's share of
      the calls;
    - `memory_mb`: memory in MB, 128 to 10,240. 1,769 MB give one CPU;
    - `name`: its name; null for `<project>-<environment>-websocket-handler`;
    - `reserved_concurrency`: the concurrency reserved for it; null for none;
    - `snap_start_enabled`: whether Lambda SnapStart shortens its cold starts. You pay for the snapshots.
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
