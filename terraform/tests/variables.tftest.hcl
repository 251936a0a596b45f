# The values that each variable accepts and refuses. Nothing is applied. TF_WORKSPACE must be "test".
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

variables {
  allowed_account_ids = ["111122223333"]
  authorization       = "iam"
  dist_dir            = "tests/artifacts/good"
  environment         = "test"
  knowledge_base_id   = "KB12345678"
  model_arn           = "arn:aws:bedrock:eu-central-1::foundation-model/a-model-v1:0"
  region              = "eu-central-1"
}

run "keeps_the_names_that_a_hand_made_system_has" {
  command = plan

  variables {
    main_function     = { name = "selador-realestate-backend" }
    names             = { dead_letter_queue = "selador-failed", queue = "selador-questions", stage = "production" }
    websocket_handler = { name = "selador-websocket-handler" }
  }

  assert {
    condition     = output.main_function_name == "selador-realestate-backend" && output.websocket_handler_function_name == "selador-websocket-handler"
    error_message = "The functions are called ${output.main_function_name} and ${output.websocket_handler_function_name}."
  }

  assert {
    condition     = output.stage_name == "production" && module.queue.queue_name == "selador-questions" && module.queue.dead_letter_queue_name == "selador-failed"
    error_message = "The stage is ${output.stage_name}, the queues are ${module.queue.queue_name} and ${module.queue.dead_letter_queue_name}."
  }
}

run "accepts_the_longest_names_of_queues_that_sqs_takes" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    dead_letter_name           = "d0000000000000000000000000000000000000000000000000000000000000000000000000000080"
    longest_life_seconds       = 3600
    max_attempts               = 3
    name                       = "q0000000000000000000000000000000000000000000000000000000000000000000000000000080"
    visibility_timeout_seconds = 960
  }

  assert {
    condition     = aws_sqs_queue.dead_letter.name == var.dead_letter_name && aws_sqs_queue.this.name == var.name
    error_message = "The queues are ${aws_sqs_queue.this.name} and ${aws_sqs_queue.dead_letter.name}."
  }
}

run "refuses_a_queue_whose_dead_letter_queue_would_have_too_long_a_name" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    longest_life_seconds       = 3600
    max_attempts               = 3
    name                       = "q00000000000000000000000000000000000000000000000000000000000000000069"
    visibility_timeout_seconds = 960
  }

  expect_failures = [var.name]
}

run "refuses_a_fifo_queue_for_dead_letters" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    dead_letter_name           = "dead.fifo"
    longest_life_seconds       = 3600
    max_attempts               = 3
    name                       = "selador-test-requests"
    visibility_timeout_seconds = 960
  }

  expect_failures = [var.dead_letter_name]
}

run "refuses_the_queue_itself_for_dead_letters" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    dead_letter_name           = "selador-test-requests"
    longest_life_seconds       = 3600
    max_attempts               = 3
    name                       = "selador-test-requests"
    visibility_timeout_seconds = 960
  }

  expect_failures = [var.name]
}

run "accepts_the_extremes_that_aws_allows" {
  command = plan

  variables {
    api_execution_log_level = "OFF"
    log_level               = "ERROR"
    log_retention_days      = 3653
    main_function           = { maximum_concurrency = 1000, memory_mb = 10240, reserved_concurrency = 1000, timeout_seconds = 63 }
    max_attempts            = 1
    queue_retention         = { dead_letters_seconds = 1209600, messages_seconds = 1209599 }
    request_max_age_seconds = 86400
    tags                    = { cost_center = "42" }
    throttling              = { burst_limit = 1, rate_limit = 1 }
  }

  assert {
    condition     = aws_lambda_event_source_mapping.main.scaling_config[0].maximum_concurrency == 1000
    error_message = "The mapping's concurrency is another."
  }
}

run "refuses_values_beyond_aws_or_this_configuration" {
  command = plan

  variables {
    agent_runtime_arn       = "estate-x1"
    allowed_account_ids     = ["1111"]
    api_execution_log_level = "DEBUG"
    knowledge_base_id       = "my-knowledge-base"
    log_level               = "DEBUG"
    log_retention_days      = 31
    main_function           = { maximum_concurrency = 1, timeout_seconds = 900 }
    max_attempts            = 11
    model_arn               = "a-model-v1:0"
    permissions_boundary    = "a-boundary"
    project                 = "Selador"
    request_max_age_seconds = 59
    role_path               = "answers/"
    tags                    = { project = "another" }
    throttling              = { burst_limit = 0 }
  }

  expect_failures = [
    var.agent_runtime_arn,
    var.allowed_account_ids,
    var.api_execution_log_level,
    var.knowledge_base_id,
    var.log_level,
    var.log_retention_days,
    var.main_function,
    var.max_attempts,
    var.model_arn,
    var.permissions_boundary,
    var.project,
    var.request_max_age_seconds,
    var.role_path,
    var.tags,
    var.throttling,
  ]
}

run "refuses_halves_of_what_is_counted" {
  command = plan

  variables {
    generation              = { max_tokens = 4096.5 }
    main_function           = { batch_size = 2.5 }
    max_attempts            = 1.5
    request_max_age_seconds = 900.5
    throttling              = { burst_limit = 5.5 }
  }

  expect_failures = [
    var.generation,
    var.main_function,
    var.max_attempts,
    var.request_max_age_seconds,
    var.throttling,
  ]
}

run "refuses_half_a_concurrency" {
  command = plan

  variables {
    main_function = { maximum_concurrency = 10.5 }
  }

  expect_failures = [var.main_function]
}

run "refuses_half_a_passage" {
  command = plan

  variables {
    generation = { number_of_results = 5.5 }
  }

  expect_failures = [var.generation]
}

run "refuses_half_a_second_of_retention" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    longest_life_seconds       = 3600
    max_attempts               = 3
    name                       = "selador-test-requests"
    retention                  = { messages_seconds = 345600.5 }
    visibility_timeout_seconds = 960.5
  }

  expect_failures = [var.retention, var.visibility_timeout_seconds]
}

run "takes_nothing_from_another_region" {
  command = plan

  variables {
    agent_runtime_arn = "arn:aws:bedrock-agentcore:us-east-1:111122223333:runtime/answers-1"
    custom_domain     = { certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/c", name = "answers.example.com" }
    kms_key_arn       = "arn:aws:kms:us-east-1:111122223333:key/a-key"
    generation        = { models = { small = "arn:aws:bedrock:us-east-1::foundation-model/a-model-v1:0" } }
    model_arn         = "arn:aws:bedrock:us-east-1::foundation-model/a-model-v1:0"
  }

  expect_failures = [
    var.agent_runtime_arn,
    var.custom_domain,
    var.generation,
    var.kms_key_arn,
    var.model_arn,
  ]
}

run "refuses_an_alias_for_the_organizations_key_and_a_second_key_beside_it" {
  command = plan

  variables {
    customer_managed_key_enabled = true
    kms_key_arn                  = "arn:aws:kms:eu-central-1:111122223333:alias/ours"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = ""
  }

  expect_failures = [var.region]
}

run "refuses_a_tag_that_iam_takes_for_one_of_this_configurations" {
  command = plan

  variables {
    tags = { Environment = "production" }
  }

  expect_failures = [var.tags]
}

run "refuses_tags_that_iam_takes_for_the_same" {
  command = plan

  variables {
    tags = { CostCenter = "42", costcenter = "43" }
  }

  expect_failures = [var.tags]
}

run "subscribes_who_is_on_call" {
  command = plan

  variables {
    alarm_subscriptions  = { email = ["a@example.com", "b@example.com"], https = ["https://pager.example/hook"] }
    ticket_subscriptions = { email = ["team@example.com"] }
  }

  assert {
    condition = keys(module.alarms.subscriptions) == [
      "email a@example.com", "email b@example.com", "https https://pager.example/hook", "ticket email team@example.com",
    ]
    error_message = "Others are told of alarms: ${jsonencode(module.alarms.subscriptions)}."
  }
}

run "encrypts_with_the_organizations_key_and_makes_none" {
  command = plan

  variables {
    kms_key_arn          = "arn:aws:kms:eu-central-1:111122223333:key/ours"
    permissions_boundary = "arn:aws:iam::111122223333:policy/limits"
    role_path            = "/answers/dev/"
  }

  assert {
    condition     = length(aws_kms_key.this) == 0 && local.kms_key == { arn = "arn:aws:kms:eu-central-1:111122223333:key/ours" }
    error_message = "The key is ${jsonencode(local.kms_key)}, and ${length(aws_kms_key.this)} would be made."
  }
}

run "pages_the_topic_of_the_organization_and_listens_for_a_heartbeat" {
  command = plan

  variables {
    alarm_topic_arns  = { page = "arn:aws:sns:eu-central-1:444455556666:pager" }
    heartbeat_minutes = 30
  }

  assert {
    condition     = output.alarm_topic_arn == "arn:aws:sns:eu-central-1:444455556666:pager" && contains(keys(output.alarms), "heartbeat-fails")
    error_message = "Pages go to ${output.alarm_topic_arn}, and the alarms are ${join(", ", keys(output.alarms))}."
  }
}

run "refuses_a_protocol_of_tickets_that_sns_does_not_have" {
  command = plan

  variables {
    ticket_subscriptions = { pigeon = ["a"] }
  }

  expect_failures = [var.ticket_subscriptions]
}

run "refuses_a_protocol_that_sns_does_not_have" {
  command = plan

  variables {
    alarm_subscriptions = { pigeon = ["a"] }
  }

  expect_failures = [var.alarm_subscriptions]
}

run "refuses_a_main_timeout_beyond_lambdas" {
  command = plan

  variables {
    main_function = { timeout_seconds = 901 }
  }

  expect_failures = [var.main_function]
}

run "refuses_a_main_timeout_that_leaves_no_time_for_an_answer" {
  command = plan

  variables {
    main_function = { timeout_seconds = 62 }
  }

  expect_failures = [var.main_function]
}

run "refuses_more_answers_at_once_than_environments_are_kept_for" {
  command = plan

  variables {
    main_function = { maximum_concurrency = 11, reserved_concurrency = 10 }
  }

  expect_failures = [var.main_function]
}

run "refuses_an_environment_that_is_not_the_selected_workspace" {
  command = plan

  variables {
    environment = "prod"
  }

  expect_failures = [var.environment]
}

run "refuses_the_workspace_default" {
  command = plan

  variables {
    environment = "default"
  }

  expect_failures = [var.environment]
}

run "refuses_an_environment_that_cant_be_part_of_a_name" {
  command = plan

  variables {
    environment = "Test"
  }

  expect_failures = [var.environment]
}

run "refuses_a_folder_without_a_manifest" {
  command = plan

  variables {
    dist_dir = "tests/artifacts"
  }

  expect_failures = [var.dist_dir]
}

run "refuses_a_manifest_of_another_schema" {
  command = plan

  variables {
    dist_dir = "tests/artifacts/another_schema"
  }

  expect_failures = [var.dist_dir]
}

run "accepts_a_manifest_without_its_zips_where_they_are_published" {
  command = plan

  variables {
    artifact_bucket = "selador-artifacts-111122223333-eu-central-1"
    dist_dir        = "tests/artifacts/published"
  }

  assert {
    condition     = local.artifacts["main"].key == "artifacts/main/edfc6c7f2190478b48c6f0973528088e01ab915a1a752a12ec9395c66330ec97.zip"
    error_message = "Main's code is taken from ${local.artifacts["main"].key}."
  }

  assert {
    condition     = terraform_data.release[0].input == "9b23884fcb7f8d8442a0542323d1430066e81f380bb42f9d9e89e9d9dcbe203f"
    error_message = "The release is named ${terraform_data.release[0].input}."
  }
}

run "refuses_a_zip_that_is_not_the_manifests" {
  command = plan

  variables {
    dist_dir = "tests/artifacts/swapped_zip"
  }

  expect_failures = [var.dist_dir]
}

run "accepts_a_generation_of_its_own" {
  command = plan

  variables {
    generation = {
      guardrail         = { id = "gr1", version = "DRAFT" }
      max_tokens        = 65536
      models            = { fast = "arn:aws:bedrock:eu-central-1::foundation-model/a-fast-model-v1:0" }
      number_of_results = 100
      prompt_template   = "Answer from $search_results$ alone."
      search_type       = "HYBRID"
      service_tier      = "flex"
      temperature       = 0
    }
    main_function = { batch_size = 10 }
  }

  assert {
    condition     = aws_lambda_event_source_mapping.main.batch_size == 10
    error_message = "The batch size is ${aws_lambda_event_source_mapping.main.batch_size}."
  }
}

run "refuses_more_tokens_than_bedrock_takes" {
  command = plan

  variables {
    generation = { max_tokens = 65537 }
  }

  expect_failures = [var.generation]
}

run "refuses_no_results" {
  command = plan

  variables {
    generation = { number_of_results = 0 }
  }

  expect_failures = [var.generation]
}

run "refuses_a_temperature_above_1" {
  command = plan

  variables {
    generation = { temperature = 1.1 }
  }

  expect_failures = [var.generation]
}

run "refuses_an_unknown_search_type" {
  command = plan

  variables {
    generation = { search_type = "FUZZY" }
  }

  expect_failures = [var.generation]
}

run "refuses_an_unknown_type_of_knowledge_base" {
  command = plan

  variables {
    knowledge_base_type = "GRAPH"
  }

  expect_failures = [var.knowledge_base_type]
}

run "refuses_a_managed_knowledge_base_with_settings_that_it_does_not_take" {
  command = plan

  variables {
    generation          = { search_type = "HYBRID" }
    knowledge_base_type = "MANAGED"
  }

  expect_failures = [var.knowledge_base_type]
}

run "refuses_an_unknown_service_tier" {
  command = plan

  variables {
    generation = { service_tier = "FLEX" }
  }

  expect_failures = [var.generation]
}

run "refuses_a_prompt_without_a_place_for_passages" {
  command = plan

  variables {
    generation = { prompt_template = "Answer!" }
  }

  expect_failures = [var.generation]
}

run "accepts_every_kind_of_model_that_bedrock_runs" {
  command = plan

  override_data {
    target = data.aws_bedrock_inference_profile.this
    values = { models = [] }
  }

  variables {
    model_arn = "arn:aws:bedrock:eu-central-1:111122223333:provisioned-model/abcdefghij12"
    generation = {
      models = {
        application = "arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/abcdefghij12"
        custom      = "arn:aws:bedrock:eu-central-1:111122223333:custom-model-deployment/abcdefghij12"
        imported    = "arn:aws:bedrock:eu-central-1:111122223333:imported-model/abcdefghij12"
        profile     = "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/eu.a-model-v1:0"
        routed      = "arn:aws:bedrock:eu-central-1:111122223333:default-prompt-router/anthropic.claude:1"
        router      = "arn:aws:bedrock:eu-central-1:111122223333:prompt-router/abcdefghij12"
      }
    }
  }

  assert {
    condition     = length(local.model_arns) == 7
    error_message = "The role may use ${jsonencode(local.model_arns)}."
  }
}

run "refuses_a_model_of_a_kind_that_bedrock_does_not_run" {
  command = plan

  variables {
    model_arn  = "arn:aws:bedrock:eu-central-1:111122223333:custom-model/a-model.x/abcdefghij12"
    generation = { models = { agent = "arn:aws:bedrock:eu-central-1:111122223333:agent/abcdefghij" } }
  }

  expect_failures = [var.model_arn, var.generation]
}

run "refuses_a_model_that_is_no_arn" {
  command = plan

  variables {
    generation = { models = { fast = "a-fast-model" } }
  }

  expect_failures = [var.generation]
}

run "refuses_a_batch_of_more_than_one_receive_gives" {
  command = plan

  variables {
    main_function = { batch_size = 11 }
  }

  expect_failures = [var.main_function]
}
