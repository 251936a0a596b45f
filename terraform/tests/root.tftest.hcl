# How the root module joins the modules, and what each role may do. TF_WORKSPACE must be "test".
provider "aws" {
  access_key                  = "none"
  region                      = "eu-central-1"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.alarms.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.main.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.queue.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.websocket_handler.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_resource {
  target = module.queue.aws_sqs_queue.this
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/selador-test-requests"
  }
}

override_resource {
  target = module.queue.aws_sqs_queue.dead_letter
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests-dead-letter"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/selador-test-requests-dead-letter"
  }
}

override_resource {
  target = module.websocket_handler.aws_cloudwatch_log_group.this
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-websocket-handler"
  }
}

override_resource {
  target = module.websocket_handler.aws_iam_role.this
  values = {
    arn = "arn:aws:iam::111122223333:role/selador-test-websocket-handler"
  }
}

override_resource {
  target = module.websocket_handler.aws_iam_role_policy.this
}

override_resource {
  target = module.websocket_handler.aws_lambda_function.this
  values = {
    arn         = "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-websocket-handler"
    code_sha256 = "oMsLJy5AoKcfChaC5GZcaO+ZvKDov5MUj0bo5CeCEMY="
    version     = "1"
  }
}

override_resource {
  target = module.websocket_handler.aws_lambda_alias.live
  values = {
    arn        = "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-websocket-handler:live"
    invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:selador-test-websocket-handler:live/invocations"
  }
}

override_resource {
  target = module.main.aws_cloudwatch_log_group.this
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-main"
  }
}

override_resource {
  target = module.main.aws_iam_role.this
  values = {
    arn = "arn:aws:iam::111122223333:role/selador-test-main"
  }
}

override_resource {
  target = module.main.aws_iam_role_policy.this
}

override_resource {
  target = module.main.aws_lambda_function.this
  values = {
    arn         = "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-main"
    code_sha256 = "7fxsfyGQR4tIxvCXNSgIjgGrkVoadSoS7JOVxmMw7Jc="
    version     = "1"
  }
}

override_resource {
  target = module.main.aws_lambda_alias.live
  values = {
    arn        = "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-main:live"
    invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:selador-test-main:live/invocations"
  }
}

override_resource {
  target = module.websocket_api.aws_apigatewayv2_api.this
  values = {
    api_endpoint  = "wss://abcdefghij.execute-api.eu-central-1.amazonaws.com"
    execution_arn = "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij"
    id            = "abcdefghij"
  }
}

override_resource {
  target = module.websocket_api.aws_apigatewayv2_integration.handler
}

override_resource {
  target = module.websocket_api.aws_apigatewayv2_route.this
}

override_resource {
  target = module.websocket_api.aws_apigatewayv2_route_response.this
}

override_resource {
  target = module.websocket_api.aws_apigatewayv2_deployment.this
}

override_resource {
  target = module.websocket_api.aws_apigatewayv2_stage.this
}

override_resource {
  target = module.websocket_handler.aws_iam_role_policy.until_served
}

override_resource {
  target = module.websocket_handler.aws_iam_role_policies_exclusive.this
}

override_resource {
  target = module.main.aws_iam_role_policy.until_served
}

override_resource {
  target = module.main.aws_iam_role_policies_exclusive.this
}

override_resource {
  target = module.websocket_api.aws_cloudwatch_log_group.execution
}

override_resource {
  target = module.websocket_api.aws_lambda_permission.route
}

override_resource {
  target = module.websocket_api.aws_cloudwatch_log_group.access
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/apigateway/selador-test/access"
  }
}

override_resource {
  target = aws_lambda_event_source_mapping.main
}

override_resource {
  target = module.alarms.aws_sns_topic.this["ticket"]
  values = {
    arn = "arn:aws:sns:eu-central-1:111122223333:selador-test-tickets"
  }
}

override_resource {
  target = module.alarms.aws_cloudwatch_composite_alarm.page
  values = { arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:a-page" }
}

override_resource {
  target = module.alarms.aws_cloudwatch_composite_alarm.answers_are_not_coming
}

override_resource {
  target = module.alarms.aws_sns_topic.this["page"]
  values = {
    arn = "arn:aws:sns:eu-central-1:111122223333:selador-test-alarms"
  }
}

override_resource {
  target = module.alarms.aws_cloudwatch_metric_alarm.this
  values = {
    arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:an-alarm"
  }
}

override_resource {
  target = module.alarms.aws_cloudwatch_dashboard.this
}

override_resource {
  target = aws_kms_key.this
  values = {
    arn = "arn:aws:kms:eu-central-1:111122223333:key/a-key"
  }
}

override_resource {
  target = aws_kms_alias.this
}

variables {
  allowed_account_ids = ["111122223333"]
  authorization       = "iam"
  dist_dir            = "tests/artifacts/good"
  environment         = "test"
  knowledge_base_id   = "KB12345678"
  model_arn           = "arn:aws:bedrock:eu-central-1::foundation-model/a-model-v1:0"
  region              = "eu-central-1"
}

run "answers_one_request_an_invocation_and_retries_it_alone" {
  assert {
    condition     = aws_lambda_event_source_mapping.main.batch_size == 1
    error_message = "The batch size is ${aws_lambda_event_source_mapping.main.batch_size}."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.main.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "Partial failures aren't reported."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.main.scaling_config[0].maximum_concurrency == 10
    error_message = "The mapping's concurrency is another."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.main.function_name == "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-main:live"
    error_message = "The mapping calls ${aws_lambda_event_source_mapping.main.function_name}."
  }
}

run "tells_the_functions_what_they_need_and_when_a_client_may_give_up" {
  command = plan

  assert {
    # 900 s of useful life, then three attempts: each takes 900 s, and 60 s of lease and 60 s of backoff follow it
    condition = module.websocket_handler.environment_variables == tomap({
      DEADLINE_SECONDS = "2820"
      LOG_LEVEL        = "INFO"
      QUERY_TEXT_LIMIT = "1000"
      SQS_QUEUE_URL    = "https://sqs.eu-central-1.amazonaws.com/111122223333/selador-test-requests"
    })
    error_message = "The websocket handler is told ${jsonencode(module.websocket_handler.environment_variables)}."
  }

  assert {
    condition = module.main.environment_variables == tomap({
      AGENT_RUNTIME_ARN       = ""
      GENERATION              = "{\"guardrail\":null,\"max_tokens\":4096,\"models\":{},\"number_of_results\":null,\"prompt_template\":null,\"search_type\":null,\"service_tier\":null,\"temperature\":null}"
      CALLBACK_URL            = "https://abcdefghij.execute-api.eu-central-1.amazonaws.com/test"
      KNOWLEDGE_BASE_ID       = "KB12345678"
      KNOWLEDGE_BASE_TYPE     = "VECTOR"
      LOG_LEVEL               = "INFO"
      MAX_ATTEMPTS            = "3"
      MODEL_ARN               = "arn:aws:bedrock:eu-central-1::foundation-model/a-model-v1:0"
      REQUEST_MAX_AGE_SECONDS = "900"
      SQS_QUEUE_URL           = "https://sqs.eu-central-1.amazonaws.com/111122223333/selador-test-requests"
    })
    error_message = "Main is told ${jsonencode(module.main.environment_variables)}."
  }

  assert {
    condition     = module.websocket_handler.timeout_seconds == 29 && module.main.timeout_seconds == 900
    error_message = "The timeouts are ${module.websocket_handler.timeout_seconds} and ${module.main.timeout_seconds} s."
  }
}

run "lets_the_websocket_handler_send_requests_and_write_logs_and_nothing_else" {
  command = plan

  assert {
    condition = { for name, policy in module.websocket_handler.role_policies : name => jsondecode(policy).Statement } == {
      send-requests = [{
        Sid      = "SendRequests"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
      }]
      write-logs = [{
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:PutLogEvents", "logs:CreateLogStream"]
        Resource = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-websocket-handler:*"
      }]
    }
    error_message = "The role may do ${jsonencode(module.websocket_handler.role_policies)}."
  }
}

run "lets_main_consume_ask_generate_post_and_write_logs_and_nothing_else" {
  command = plan

  assert {
    condition = { for name, policy in module.main.role_policies : name => jsondecode(policy).Statement } == {
      ask-knowledge-base = [
        {
          Sid      = "GenerateFromWhatIsRetrieved"
          Effect   = "Allow"
          Action   = "bedrock:RetrieveAndGenerate"
          Resource = "*"
        },
        {
          Sid      = "RetrieveFromKnowledgeBase"
          Effect   = "Allow"
          Action   = "bedrock:Retrieve"
          Resource = "arn:aws:bedrock:eu-central-1:111122223333:knowledge-base/KB12345678"
        },
      ]
      consume-requests = [{
        Sid    = "ConsumeRequests"
        Effect = "Allow"
        Action = [
          "sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
        ]
        Resource = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
      }]
      invoke-model = [{
        Sid      = "InvokeModel"
        Effect   = "Allow"
        Action   = ["bedrock:InvokeModelWithResponseStream", "bedrock:InvokeModel"]
        Resource = "arn:aws:bedrock:eu-central-1::foundation-model/a-model-v1:0"
      }]
      post-to-connections = [{
        Sid      = "PostToConnections"
        Effect   = "Allow"
        Action   = "execute-api:ManageConnections"
        Resource = "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/test/POST/@connections/*"
      }]
      write-logs = [{
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:PutLogEvents", "logs:CreateLogStream"]
        Resource = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-main:*"
      }]
    }
    error_message = "The role may do ${jsonencode(module.main.role_policies)}."
  }
}

run "asks_an_agent_runtime_where_one_is_named_with_longer_questions" {
  command = plan

  variables {
    agent_runtime_arn = "arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/estate-x1"
  }

  assert {
    condition     = module.main.environment_variables["AGENT_RUNTIME_ARN"] == "arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/estate-x1"
    error_message = "Main is told ${module.main.environment_variables["AGENT_RUNTIME_ARN"]}."
  }

  assert {
    condition     = module.websocket_handler.environment_variables["QUERY_TEXT_LIMIT"] == "20000"
    error_message = "The handler takes ${module.websocket_handler.environment_variables["QUERY_TEXT_LIMIT"]} characters."
  }

  assert {
    condition = jsondecode(module.main.role_policies["invoke-agent-runtime"]).Statement == [{
      Sid    = "InvokeAgentRuntime"
      Effect = "Allow"
      Action = ["bedrock-agentcore:InvokeAgentRuntimeForUser", "bedrock-agentcore:InvokeAgentRuntime"]
      Resource = [
        "arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/estate-x1/runtime-endpoint/*",
        "arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/estate-x1",
      ]
    }]
    error_message = "The policy is ${module.main.role_policies["invoke-agent-runtime"]}."
  }
}

run "asks_a_managed_knowledge_base_by_its_own_call_with_longer_questions" {
  command = plan

  variables {
    knowledge_base_type = "MANAGED"
  }

  assert {
    condition     = module.main.environment_variables["KNOWLEDGE_BASE_TYPE"] == "MANAGED"
    error_message = "Main is told ${module.main.environment_variables["KNOWLEDGE_BASE_TYPE"]}."
  }

  assert {
    condition     = module.websocket_handler.environment_variables["QUERY_TEXT_LIMIT"] == "20000"
    error_message = "The handler takes ${module.websocket_handler.environment_variables["QUERY_TEXT_LIMIT"]} characters."
  }

  assert {
    condition = { for statement in jsondecode(module.main.role_policies["ask-knowledge-base"]).Statement : statement.Action => statement.Resource } == {
      "bedrock:AgenticRetrieveStream" = "*"
      "bedrock:Retrieve"              = "arn:aws:bedrock:eu-central-1:111122223333:knowledge-base/KB12345678"
    }
    error_message = "The policy is ${module.main.role_policies["ask-knowledge-base"]}."
  }
}

run "lets_main_use_the_models_of_workflows_and_the_guardrail" {
  command = plan

  variables {
    generation = {
      guardrail = { id = "gr1", version = "2" }
      models    = { fast = "arn:aws:bedrock:eu-central-1::foundation-model/a-fast-model-v1:0" }
    }
  }

  assert {
    condition = { for statement in jsondecode(module.main.role_policies["invoke-model"]).Statement : statement.Sid => statement.Resource } == {
      InvokeModel = [
        "arn:aws:bedrock:eu-central-1::foundation-model/a-model-v1:0",
        "arn:aws:bedrock:eu-central-1::foundation-model/a-fast-model-v1:0",
      ]
      ApplyGuardrail = "arn:aws:bedrock:eu-central-1:111122223333:guardrail/gr1"
    }
    error_message = "The policy is ${module.main.role_policies["invoke-model"]}."
  }
}

run "lets_main_use_a_prompt_router_and_by_it_alone_the_models_that_it_picks" {
  command = plan

  variables {
    model_arn = "arn:aws:bedrock:eu-central-1:111122223333:default-prompt-router/anthropic.claude:1"
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.invoke_model.json).Statement == [
      {
        Sid      = "InvokeModel"
        Effect   = "Allow"
        Action   = ["bedrock:InvokeModelWithResponseStream", "bedrock:InvokeModel"]
        Resource = "arn:aws:bedrock:eu-central-1:111122223333:default-prompt-router/anthropic.claude:1"
      },
      {
        Sid    = "InvokeModelsOfPromptRouter"
        Effect = "Allow"
        Action = ["bedrock:InvokeModelWithResponseStream", "bedrock:InvokeModel"]
        Resource = [
          "arn:aws:bedrock:*::foundation-model/*",
          "arn:aws:bedrock:*:111122223333:inference-profile/*",
        ]
        Condition = {
          ArnEquals = {
            "bedrock:PromptRouterArn" = "arn:aws:bedrock:eu-central-1:111122223333:default-prompt-router/anthropic.claude:1"
          }
        }
      },
      {
        Sid      = "ResolvePromptRouter"
        Effect   = "Allow"
        Action   = "bedrock:GetPromptRouter"
        Resource = "arn:aws:bedrock:eu-central-1:111122223333:default-prompt-router/anthropic.claude:1"
      },
    ]
    error_message = "The policy is ${data.aws_iam_policy_document.invoke_model.json}."
  }
}

run "lets_main_use_an_inference_profile_in_each_of_its_destination_regions" {
  command = plan

  override_data {
    target = data.aws_bedrock_inference_profile.this
    values = {
      models = [
        { model_arn = "arn:aws:bedrock:eu-central-1::foundation-model/a-model-v1:0" },
        { model_arn = "arn:aws:bedrock:eu-west-1::foundation-model/a-model-v1:0" },
      ]
    }
  }

  variables {
    model_arn = "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/eu.a-model-v1:0"
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.invoke_model.json).Statement == [
      {
        Sid    = "InvokeModel"
        Effect = "Allow"
        Action = ["bedrock:InvokeModelWithResponseStream", "bedrock:InvokeModel"]
        Resource = [
          "arn:aws:bedrock:eu-west-1::foundation-model/a-model-v1:0",
          "arn:aws:bedrock:eu-central-1::foundation-model/a-model-v1:0",
          "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/eu.a-model-v1:0",
        ]
      },
      {
        Sid      = "ResolveInferenceProfile"
        Effect   = "Allow"
        Action   = "bedrock:GetInferenceProfile"
        Resource = "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/eu.a-model-v1:0"
      },
    ]
    error_message = "The policy is ${data.aws_iam_policy_document.invoke_model.json}."
  }
}

run "keeps_the_queue_for_the_older_version_of_a_canary_which_may_take_longer" {
  command = plan

  variables {
    main_function = {
      canary               = { stable_version = "6", weight = 0.25 }
      reserved_concurrency = 10
      timeout_seconds      = 600
    }
  }

  override_data {
    target = data.aws_lambda_function.stable[0]
    values = {
      environment = [{
        variables = {
          AGENT_RUNTIME_ARN = ""
          GENERATION        = "{\"guardrail\": null, \"models\": {}}"
          KNOWLEDGE_BASE_ID = "KB12345678"
          MODEL_ARN         = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0"
        }
      }]
      timeout = 900
    }
  }

  assert {
    condition     = module.queue.visibility_timeout_seconds == 960
    error_message = "A message is hidden for ${module.queue.visibility_timeout_seconds} s; the older version may take 900 s, and 60 s of lease follow."
  }
}

run "refuses_a_canary_whose_older_version_was_made_by_hand" {
  command = plan

  variables {
    main_function = { canary = { stable_version = "6", weight = 0.25 }, reserved_concurrency = 10 }
  }

  override_data {
    target = data.aws_lambda_function.stable[0]
    values = { environment = [{ variables = { TABLE = "chats" } }], timeout = 30 }
  }

  expect_failures = [data.aws_lambda_function.stable[0]]
}

run "refuses_a_visibility_timeout_too_near_to_the_function_timeout" {
  command = plan

  override_module {
    target = module.queue
    outputs = {
      consume_policy_json        = "{}"
      dead_letter_queue_arn      = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests-dead-letter"
      dead_letter_queue_name     = "a-queue"
      dead_letter_queue_url      = "https://a-queue"
      queue_arn                  = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
      queue_name                 = "a-queue"
      queue_url                  = "https://a-queue"
      queue_url_by_name          = "https://a-queue"
      send_policy_json           = "{}"
      visibility_timeout_seconds = 959
    }
  }

  expect_failures = [aws_lambda_event_source_mapping.main]
}

run "lets_logs_and_alarms_of_this_environment_use_its_key_and_the_roles_by_iam" {
  command = plan

  assert {
    condition = jsondecode(data.aws_iam_policy_document.key.json).Statement == [
      {
        Sid       = "LetIamDecide"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::111122223333:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "EncryptLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.eu-central-1.amazonaws.com" }
        Action = [
          "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKey",
          "kms:Encrypt", "kms:DescribeKey", "kms:Decrypt",
        ]
        Resource = "*"
        Condition = {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = [
              "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/apigateway/selador-test/access",
              "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/apigateway/*/test",
              "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-main",
              "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/selador-test-websocket-handler",
            ]
          }
        }
      },
      {
        Sid       = "PublishAlarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
      },
    ]
    error_message = "The key's policy is ${data.aws_iam_policy_document.key.json}."
  }
}

run "finds_no_error_where_a_refresh_finds_nothing_of_what_the_variables_ask_for" {
  command = plan

  plan_options {
    mode = refresh-only # as make drift plans
  }

  variables {
    agent_runtime_arn            = "arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/answers-1"
    alarm_subscriptions          = { email = ["on-call@example.com"] }
    artifact_bucket              = "artifacts"
    authorization                = "jwt"
    custom_domain                = { certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012", name = "answers.example.com" }
    customer_managed_key_enabled = true
    heartbeat_minutes            = 30
    jwt                          = { audiences = ["a"], issuer = "https://issuer.example", jwks_url = "https://issuer.example/jwks.json" }
    tracing_enabled              = true
  }

  override_data {
    target = module.authorizer[0].data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }

  assert {
    condition     = local.kms_key == null
    error_message = "Nobody has made the key ${jsonencode(local.kms_key)}."
  }
}
