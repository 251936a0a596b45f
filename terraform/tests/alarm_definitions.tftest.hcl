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

override_resource {
  override_during = plan
  target          = aws_sns_topic.this["page"]
  values          = { arn = "arn:aws:sns:eu-central-1:111122223333:selador-test-alarms" }
}

override_resource {
  override_during = plan
  target          = aws_sns_topic.this["ticket"]
  values          = { arn = "arn:aws:sns:eu-central-1:111122223333:selador-test-tickets" }
}

override_resource {
  override_during = plan
  target          = aws_cloudwatch_metric_alarm.this
  values          = { arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:an-alarm" }
}

override_resource {
  override_during = plan
  target          = aws_cloudwatch_composite_alarm.page
  values          = { arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:a-page" }
}

override_resource {
  override_during = plan
  target          = aws_cloudwatch_composite_alarm.answers_are_not_coming
}

override_resource {
  override_during = plan
  target          = aws_cloudwatch_dashboard.this
}

variables {
  api                    = { id = "abcdefghij", stage = "test" }
  authorizer_function    = { name = "selador-test-authorizer", timeout_seconds = 10 }
  certificate_arn        = "arn:aws:acm:eu-central-1:111122223333:certificate/a-certificate"
  dead_letter_queue_name = "selador-test-requests-dead-letter"
  environment            = "test"
  heartbeat_minutes      = 30
  log_group_names        = ["/aws/lambda/selador-test-main", "/aws/lambda/selador-test-websocket-handler"]
  main_function = {
    name             = "selador-test-main"
    reserved_seconds = 21
    timeout_seconds  = 900
  }
  name_prefix                     = "selador-test"
  queue_name                      = "selador-test-requests"
  websocket_handler_function_name = "selador-test-websocket-handler"
}

# tests/terraform/deployed_alarms.py reads the alarms from these runs' plans, and evaluates them.
run "defines_every_alarm" {
  command = plan

  module {
    source = "./modules/alarms"
  }
}

run "defines_every_alarm_of_a_canary" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    main_function = {
      canary           = { alias = "live", stable_timeout_seconds = 900, stable_version = "6" }
      name             = "selador-test-main"
      reserved_seconds = 21
      timeout_seconds  = 600
    }
  }

  assert {
    condition = {
      for key in ["main-crashes", "main-near-timeout", "work-unfinished"] :
      key => aws_cloudwatch_metric_alarm.this[key].evaluation_periods
    } == { main-crashes = 2, main-near-timeout = 5, work-unfinished = 17 }
    error_message = "Alarms on main don't look back as far as the older version's data point may lie, or as its run may take."
  }
}
