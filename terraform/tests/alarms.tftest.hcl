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
  target = aws_sns_topic.alarms
  values = { arn = "arn:aws:sns:eu-central-1:111122223333:selador-test-alarms" }
}

override_resource {
  target = aws_cloudwatch_metric_alarm.this
  values = { arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:an-alarm" }
}

override_resource {
  target = aws_cloudwatch_dashboard.this
}

variables {
  api                    = { id = "abcdefghij", stage = "test" }
  dead_letter_queue_name = "selador-test-requests-dead-letter"
  environment            = "test"
  main_function = {
    name            = "selador-test-main"
    timeout_seconds = 900
  }
  name_prefix                     = "selador-test"
  queue_name                      = "selador-test-requests"
  request_max_age_seconds         = 900
  websocket_handler_function_name = "selador-test-websocket-handler"
}

run "watches_what_on_call_must_hear_of_and_looks_back_far_enough" {
  module {
    source = "./modules/alarms"
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      key => "${alarm.statistic} ${alarm.namespace} ${alarm.metric_name} of ${join(" ", values(alarm.dimensions))} >= ${alarm.threshold}"
      } == {
      api-execution-errors        = "Sum AWS/ApiGateway ExecutionError of abcdefghij test >= 1"
      api-integration-errors      = "Sum AWS/ApiGateway IntegrationError of abcdefghij test >= 1"
      buried-requests             = "Sum Selador Buried of selador-test-main >= 1"
      dead-letter-queue-not-empty = "Maximum AWS/SQS ApproximateNumberOfMessagesVisible of selador-test-requests-dead-letter >= 1"
      main-errors                 = "Sum AWS/Lambda Errors of selador-test-main >= 1"
      main-throttles              = "Sum AWS/Lambda Throttles of selador-test-main >= 1"
      oldest-message-age          = "Maximum AWS/SQS ApproximateAgeOfOldestMessage of selador-test-requests >= 720"
      websocket-handler-errors    = "Sum AWS/Lambda Errors of selador-test-websocket-handler >= 1"
      websocket-handler-throttles = "Sum AWS/Lambda Throttles of selador-test-websocket-handler >= 1"
    }
    error_message = "Other things are watched: ${jsonencode({ for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm })}"
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.period == 60 && alarm.comparison_operator == "GreaterThanOrEqualToThreshold" && alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "An alarm has another period, comparison or view of silence."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["main-errors"].evaluation_periods == 20
      && aws_cloudwatch_metric_alarm.this["main-errors"].datapoints_to_alarm == 1
    )
    error_message = "Main's errors are looked for in ${aws_cloudwatch_metric_alarm.this["main-errors"].evaluation_periods} minutes; a data point appears at most 15 minutes after its time."
  }
}

run "tells_the_topic_that_cloudwatch_may_publish_to_and_names_the_runbook" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_name == "selador-test-${key}"
      && endswith(alarm.alarm_description, "Runbook: docs/runbooks/${key}.md")
      && alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:111122223333:selador-test-alarms"])
      && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "An alarm has another name, runbook or topic."
  }

  assert {
    condition = jsondecode(aws_sns_topic.alarms.policy).Statement == [
      {
        Sid       = "PublishAlarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = "arn:aws:sns:eu-central-1:111122223333:selador-test-alarms"
        Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
      },
      {
        Sid       = "RefuseInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = "arn:aws:sns:eu-central-1:111122223333:selador-test-alarms"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
    error_message = "The topic's policy is ${aws_sns_topic.alarms.policy}."
  }
}

run "draws_every_graph_in_its_own_place" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  assert {
    condition = length(distinct([
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x} ${widget.y}"
    ])) == 7
    error_message = "Graphs lie on top of each other: ${aws_cloudwatch_dashboard.this.dashboard_body}"
  }

  assert {
    # An account has one set of dashboards for all Regions.
    condition     = endswith(aws_cloudwatch_dashboard.this.dashboard_name, "-${data.aws_region.current.id}")
    error_message = "The dashboard's name is ${aws_cloudwatch_dashboard.this.dashboard_name}, without the Region."
  }
}

run "accepts_a_customer_managed_key_for_the_topic" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    kms_key = { arn = "arn:aws:kms:eu-central-1:111122223333:key/a-key" }
  }

  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == "arn:aws:kms:eu-central-1:111122223333:key/a-key"
    error_message = "The topic is encrypted by ${aws_sns_topic.alarms.kms_master_key_id}."
  }
}

run "refuses_the_key_of_sns_which_cloudwatch_may_not_use" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    kms_key = { arn = "alias/aws/sns" }
  }

  expect_failures = [var.kms_key]
}

run "refuses_names_that_do_not_say_the_environment" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    name_prefix = "selador"
  }

  expect_failures = [var.name_prefix]
}
