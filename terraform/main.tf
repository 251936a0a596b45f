locals {
  authorizer_name        = "${local.name_prefix}-authorizer"
  name_prefix            = "${var.project}-${var.environment}"
  main_name              = coalesce(var.main_function.name, "${local.name_prefix}-main")
  stage_name             = coalesce(var.names.stage, var.environment)
  websocket_handler_name = coalesce(var.websocket_handler.name, "${local.name_prefix}-websocket-handler")

  # What the organization asks of every role.
  role = { path = var.role_path, permissions_boundary = var.permissions_boundary }

  # The limit of a question in characters. RetrieveAndGenerateStream takes 1,000 (BR-02). For an agent runtime and a
  # managed knowledge base, the question must fit into one WebSocket frame, which API Gateway limits to 32 KB (WS-55).
  _agent_runtime_text_limit          = 20000
  _knowledge_base_text_limit         = 1000
  _managed_knowledge_base_text_limit = 20000
  query_text_limit = (
    var.agent_runtime_arn != null ? local._agent_runtime_text_limit :
    var.knowledge_base_type == "MANAGED" ? local._managed_knowledge_base_text_limit :
    local._knowledge_base_text_limit
  )

  # API Gateway stops waiting for an integration after 29 s, and nobody can raise that (WS-09).
  websocket_handler_timeout_seconds = 29

  # These four numbers stand in the functions' code as well; tests/terraform/test_shared_numbers.py compares them.
  _backoff_cap_seconds   = 60 # the longest pause before a failed attempt's message comes back
  _key_set_fetch_seconds = 3  # how long the authorizer waits for a connection to the key set's server, and for its answer
  _lease_seconds         = 60 # how long a message stays hidden after the worker that holds it was killed
  _reserved_seconds      = 21 # what the main function keeps of its time to tell a client that the answer took too long

  # The authorizer may have to fetch the key set during a cold start.
  authorizer_timeout_seconds = 2 * local._key_set_fetch_seconds + 4

  # During a canary the older version keeps its own timeout, and Lambda compares that with the queue's, too.
  _longest_main_seconds = max(concat([var.main_function.timeout_seconds], data.aws_lambda_function.stable[*].timeout)...)

  # How long a message stays hidden if its worker dies in its first moments. Main's lease and its backoff both fit in.
  _visibility_seconds = local._longest_main_seconds + max(local._lease_seconds, local._backoff_cap_seconds)

  # When a client may conclude that its request was lost. No attempt begins after the useful life. The worker of the last
  # one may die at its worst moment, which hides the message for its visibility timeout. Then the request may wait for a
  # free worker, at most for one timeout, and is told its end within a minute. tests/simulation holds this against what
  # it sees.
  deadline_seconds = var.request_max_age_seconds + 2 * local._visibility_seconds

  # Terraform does not build. The manifest names each zip and its hash, and the runtime and processor they are for.
  _manifest = jsondecode(file("${var.dist_dir}/manifest.json"))
  artifacts = {
    for key, artifact in local._manifest.artifacts : key => {
      architecture  = local._manifest.target.architecture
      bucket        = var.artifact_bucket
      key           = "artifacts/${key}/${artifact.sha256}.zip" # as make publish names it
      path          = "${var.dist_dir}/${artifact.path}"
      runtime       = "python${local._manifest.target.python}"
      sha256_base64 = artifact.sha256Base64
    }
  }
}

module "queue" {
  source = "./modules/queue"

  dead_letter_name           = var.names.dead_letter_queue
  kms_key                    = local.kms_key
  longest_life_seconds       = local.deadline_seconds
  max_attempts               = var.max_attempts
  name                       = coalesce(var.names.queue, "${local.name_prefix}-requests")
  retention                  = var.queue_retention
  visibility_timeout_seconds = local._visibility_seconds
}

module "websocket_handler" {
  source = "./modules/function"

  artifact    = local.artifacts["websocket_handler"]
  canary      = var.websocket_handler.canary
  description = "Validates a client's message, queues the request and acknowledges it."
  environment_variables = {
    DEADLINE_SECONDS = local.deadline_seconds
    LOG_LEVEL        = var.log_level
    QUERY_TEXT_LIMIT = local.query_text_limit
    SQS_QUEUE_URL    = module.queue.queue_url_by_name
  }
  handler            = "selador_websocket_handler.handler.handle"
  kms_key            = local.kms_key
  log_retention_days = var.log_retention_days
  memory_mb          = var.websocket_handler.memory_mb
  name               = local.websocket_handler_name
  policies = {
    send-requests = module.queue.send_policy_json
  }
  reserved_concurrency = var.websocket_handler.reserved_concurrency
  role                 = local.role
  serves_after         = [module.main.alias_arn] # it reads what this function sends
  snap_start_enabled   = var.websocket_handler.snap_start_enabled
  timeout_seconds      = local.websocket_handler_timeout_seconds
  tracing_enabled      = var.tracing_enabled
}

# The authorizer alone carries the libraries that verify tokens. They are more than half of its artifact.
module "authorizer" {
  source = "./modules/function"
  count  = var.jwt == null ? 0 : 1

  artifact    = local.artifacts["authorizer"]
  description = "Decides by a client's token whether it may connect."
  environment_variables = {
    JWKS_URL            = var.jwt.jwks_url
    JWT_ALGORITHMS      = join(" ", sort(var.jwt.algorithms))
    JWT_AUDIENCES       = join(" ", sort(var.jwt.audiences))
    JWT_CONTEXT_CLAIMS  = join(" ", sort(var.jwt.context_claims))
    JWT_ISSUER          = var.jwt.issuer
    JWT_QUERY_PARAMETER = var.jwt.query_parameter
    LOG_LEVEL           = var.log_level
  }
  handler            = "selador_authorizer.handler.handle"
  kms_key            = local.kms_key
  log_retention_days = var.log_retention_days
  memory_mb          = var.websocket_handler.memory_mb
  name               = local.authorizer_name
  policies           = {}
  role               = local.role
  timeout_seconds    = local.authorizer_timeout_seconds
  tracing_enabled    = var.tracing_enabled
}

module "websocket_api" {
  source = "./modules/websocket_api"

  access_log_enabled = var.api_access_log_enabled
  authorization      = var.authorization
  authorizer = var.jwt == null ? null : {
    function = module.authorizer[0].alias
    # API Gateway answers 401 unless every identity source is present (AUTH-04). If a token may also come as a query
    # parameter, neither place is required, so none is named, and the authorizer itself answers 401.
    identity_sources = var.jwt.query_parameter == "" ? ["route.request.header.Sec-WebSocket-Protocol"] : []
  }
  authorizer_alias_arn = one(module.authorizer[*].alias_arn)
  custom_domain        = var.custom_domain
  execution_log_level  = var.api_execution_log_level
  handler              = module.websocket_handler.alias
  handler_alias_arn    = module.websocket_handler.alias_arn
  kms_key              = local.kms_key
  log_retention_days   = var.log_retention_days
  name                 = local.name_prefix
  stage_name           = local.stage_name
  throttling           = var.throttling
}

module "main" {
  source = "./modules/function"

  artifact    = local.artifacts["main"]
  canary      = var.main_function.canary
  description = "Answers a request from the queue and streams the answer to its client."
  environment_variables = {
    AGENT_RUNTIME_ARN       = var.agent_runtime_arn == null ? "" : var.agent_runtime_arn
    CALLBACK_URL            = module.websocket_api.callback_url
    GENERATION              = jsonencode(var.generation)
    KNOWLEDGE_BASE_ID       = var.knowledge_base_id
    KNOWLEDGE_BASE_TYPE     = var.knowledge_base_type
    LOG_LEVEL               = var.log_level
    MAX_ATTEMPTS            = var.max_attempts
    MODEL_ARN               = var.model_arn
    REQUEST_MAX_AGE_SECONDS = var.request_max_age_seconds
    SQS_QUEUE_URL           = module.queue.queue_url_by_name
  }
  handler            = "selador_main.handler.handle"
  kms_key            = local.kms_key
  log_retention_days = var.log_retention_days
  memory_mb          = var.main_function.memory_mb
  name               = local.main_name
  policies = merge(
    {
      ask-knowledge-base  = data.aws_iam_policy_document.ask_knowledge_base.json
      consume-requests    = module.queue.consume_policy_json
      invoke-model        = data.aws_iam_policy_document.invoke_model.json
      post-to-connections = module.websocket_api.post_policy_json
    },
    { for document in data.aws_iam_policy_document.invoke_agent_runtime : "invoke-agent-runtime" => document.json },
  )
  reserved_concurrency = var.main_function.reserved_concurrency
  role                 = local.role
  serves_after         = [module.queue.queue_arn] # its visibility timeout has to be as long as the new version needs it
  timeout_seconds      = var.main_function.timeout_seconds
  tracing_enabled      = var.tracing_enabled
}

resource "aws_lambda_event_source_mapping" "main" {
  batch_size              = var.main_function.batch_size
  event_source_arn        = module.queue.queue_arn
  function_name           = module.main.alias_arn
  function_response_types = ["ReportBatchItemFailures"]

  # Reserved concurrency is no substitute: the pollers would receive messages that Lambda then throttles, and each
  # receive counts as an attempt (ESM-03).
  scaling_config {
    maximum_concurrency = var.main_function.maximum_concurrency
  }

  lifecycle {
    # AWS compares the two only when it creates or updates the mapping (ESM-08), not when the function's timeout is
    # raised later (ESM-09).
    precondition {
      condition     = module.queue.visibility_timeout_seconds >= module.main.timeout_seconds + local._lease_seconds
      error_message = "The queue's visibility timeout is ${module.queue.visibility_timeout_seconds} s and the main function's timeout ${module.main.timeout_seconds} s; the former must be ${local._lease_seconds} s longer. Otherwise SQS delivers a request again while Lambda still works on it."
    }
  }
}

module "alarms" {
  source = "./modules/alarms"

  api = {
    id    = module.websocket_api.api_id
    stage = module.websocket_api.stage_name
  }
  authorizer_function = var.jwt == null ? null : {
    name            = module.authorizer[0].function_name
    timeout_seconds = module.authorizer[0].timeout_seconds
  }
  certificate_arn        = try(var.custom_domain.certificate_arn, null)
  dead_letter_queue_name = module.queue.dead_letter_queue_name
  environment            = var.environment
  heartbeat_minutes      = var.heartbeat_minutes
  kms_key                = local.kms_key
  log_group_names        = [module.main.log_group_name, module.websocket_handler.log_group_name]
  main_function = {
    canary = one([
      for stable in data.aws_lambda_function.stable : {
        alias                  = module.main.alias.qualifier
        stable_timeout_seconds = stable.timeout
        stable_version         = stable.qualifier
      }
    ])
    name             = module.main.function_name
    reserved_seconds = local._reserved_seconds
    timeout_seconds  = module.main.timeout_seconds
  }
  name_prefix      = local.name_prefix
  objectives       = var.objectives
  queue_name       = module.queue.queue_name
  runbook_base_url = var.runbook_base_url
  subscriptions = {
    page   = var.alarm_subscriptions
    ticket = var.ticket_subscriptions
  }
  thresholds                      = var.alarm_thresholds
  topic_arns                      = var.alarm_topic_arns
  websocket_handler_function_name = module.websocket_handler.function_name
}
