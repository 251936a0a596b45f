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
  target = aws_sns_topic.this["page"]
  values = { arn = "arn:aws:sns:eu-central-1:111122223333:selador-test-alarms" }
}

override_resource {
  target = aws_sns_topic.this["ticket"]
  values = { arn = "arn:aws:sns:eu-central-1:111122223333:selador-test-tickets" }
}

override_resource {
  target = aws_cloudwatch_metric_alarm.this
  values = { arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:an-alarm" }
}

override_resource {
  target = aws_cloudwatch_composite_alarm.page
  values = { arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:a-page" }
}

override_resource {
  target = aws_cloudwatch_composite_alarm.answers_are_not_coming
}

override_resource {
  target = aws_cloudwatch_dashboard.this
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

run "defines_every_alarm" {
  module {
    source = "./modules/alarms"
  }

  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_name == "selador-test-${key}"
      && length([for query in alarm.metric_query : query if query.return_data]) == 1
      && length([for query in alarm.metric_query : query if length(query.metric) == 1]) <= 10
    ])
    error_message = "An alarm has another name, more than one watched series, or more than 10 metrics: ${jsonencode(aws_cloudwatch_metric_alarm.this)}"
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.treat_missing_data
      if alarm.treat_missing_data != "notBreaching"
    } == { certificate-expires = "ignore", heartbeat-fails = "breaching", model-retires = "ignore" }
    error_message = "Another alarm looks at silence in another way."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["main-crashes"].evaluation_periods == 2
      && aws_cloudwatch_metric_alarm.this["main-near-timeout"].evaluation_periods == 5
      && aws_cloudwatch_metric_alarm.this["main-near-timeout"].threshold == 879000
      && aws_cloudwatch_metric_alarm.this["work-unfinished"].evaluation_periods == 17
    )
    error_message = "Alarms on main don't look back as far as a data point may lie, or as a run may take."
  }

  assert {
    condition = {
      for key in ["error-budget-5m", "error-budget-1h", "error-budget-30m", "error-budget-6h", "error-budget-burns"] :
      key => format("%.1f", aws_cloudwatch_metric_alarm.this[key].threshold)
      } == {
      error-budget-5m = "7.2", error-budget-1h = "7.2", error-budget-30m = "3.0", error-budget-6h = "3.0", error-budget-burns = "0.5"
    }
    error_message = "The error budget of 99.5 % over 30 days burns at another rate."
  }
}

run "pages_once_an_incident_and_files_tickets" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == (
        key == "notifications-fail" ? toset(["arn:aws:sns:eu-central-1:111122223333:selador-test-alarms", "arn:aws:sns:eu-central-1:111122223333:selador-test-tickets"]) :
        output.alarms[key].severity == "ticket" && key != "dead-letters" ? toset(["arn:aws:sns:eu-central-1:111122223333:selador-test-tickets"]) :
        toset([])
      )
    ])
    error_message = "A page notifies by itself, a ticket not at all, or a part of another alarm does."
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this : key => length(alarm.ok_actions)
      if length(alarm.ok_actions) != length(alarm.alarm_actions)
    } == { dead-letters = 1, dead-letters-arrive = 0 }
    error_message = "The end of an alarm is not told to whom its beginning is told."
  }

  assert {
    condition = (
      aws_cloudwatch_composite_alarm.answers_are_not_coming.alarm_actions == toset(["arn:aws:sns:eu-central-1:111122223333:selador-test-alarms"])
      && aws_cloudwatch_composite_alarm.answers_are_not_coming.ok_actions == aws_cloudwatch_composite_alarm.answers_are_not_coming.alarm_actions
      && one(aws_cloudwatch_composite_alarm.answers_are_not_coming.actions_suppressor).alarm == "selador-test-maintenance"
      && toset(split(" OR ", aws_cloudwatch_composite_alarm.answers_are_not_coming.alarm_rule)) == toset([
        for key, alarm in output.alarms : "ALARM(\"${alarm.name}\")" if alarm.severity == "page" && key != "answers-are-not-coming"
      ])
    )
    error_message = "The composite alarm over all pages is ${jsonencode(aws_cloudwatch_composite_alarm.answers_are_not_coming)}."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_composite_alarm.page : key => alarm.alarm_rule } == {
      error-budget-burns-fast = "ALARM(\"selador-test-error-budget-1h\") AND ALARM(\"selador-test-error-budget-5m\")"
      error-budget-burns-slow = "ALARM(\"selador-test-error-budget-6h\") AND ALARM(\"selador-test-error-budget-30m\")"
      work-stalls             = "ALARM(\"selador-test-work-untouched\") OR ALARM(\"selador-test-work-unfinished\")"
    }
    error_message = "A composite alarm has another rule."
  }

  assert {
    condition = alltrue([
      for key, alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_composite_alarm.page) :
      strcontains(alarm.alarm_description, "Look first: ") && length(alarm.alarm_description) <= 1024
      && (output.alarms[key].severity == "part" || endswith(alarm.alarm_description, "Runbook: docs/runbooks/${key}.md"))
    ])
    error_message = "An alarm doesn't say what to look at first, or names no runbook."
  }
}

run "lets_cloudwatch_publish_to_both_topics_and_nobody_without_tls" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  assert {
    condition = alltrue([
      for topic in aws_sns_topic.this : jsondecode(topic.policy).Statement == [
        {
          Sid       = "PublishAlarms"
          Effect    = "Allow"
          Principal = { Service = "cloudwatch.amazonaws.com" }
          Action    = "sns:Publish"
          Resource  = "arn:aws:sns:eu-central-1:111122223333:${topic.name}"
          Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
        },
        {
          Sid       = "RefuseInsecureTransport"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sns:Publish"
          Resource  = "arn:aws:sns:eu-central-1:111122223333:${topic.name}"
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ]
    ])
    error_message = "A topic's policy is another one: ${jsonencode(values(aws_sns_topic.this)[*].policy)}"
  }
}

run "leaves_out_what_an_environment_does_not_have" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    authorizer_function = null
    certificate_arn     = null
    heartbeat_minutes   = null
  }

  assert {
    condition = length(setintersection(keys(output.alarms), [
      "authorizer-slow", "authorizer-throttles", "certificate-expires", "connects-fail", "heartbeat-fails", "key-set-unavailable",
    ])) == 0
    error_message = "There are alarms on what isn't there: ${join(", ", keys(output.alarms))}."
  }
}

run "tells_who_is_paged_of_tickets_too_unless_others_are_named" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    subscriptions = { page = { email = ["on-call@example.com"] } }
  }

  assert {
    condition = { for key, subscription in output.subscriptions : key => "${subscription.severity} ${subscription.endpoint}" } == {
      "email on-call@example.com"        = "page on-call@example.com"
      "ticket email on-call@example.com" = "ticket on-call@example.com"
    }
    error_message = "The subscriptions are ${jsonencode(output.subscriptions)}."
  }
}

run "tells_others_of_tickets" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    subscriptions = {
      page   = { email = ["on-call@example.com"] }
      ticket = { email = ["team@example.com"] }
    }
  }

  assert {
    condition     = keys(output.subscriptions) == ["email on-call@example.com", "ticket email team@example.com"]
    error_message = "The subscriptions are ${jsonencode(output.subscriptions)}."
  }
}

run "notifies_the_topics_of_the_organization" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    subscriptions = { page = { email = ["on-call@example.com"] } }
    topic_arns = {
      page   = "arn:aws:sns:eu-central-1:444455556666:pager"
      ticket = "arn:aws:sns:eu-central-1:444455556666:tracker"
    }
  }

  assert {
    condition = (
      length(aws_sns_topic.this) == 0 && length(aws_sns_topic_subscription.person) == 0
      && output.topic_arns == var.topic_arns
      && aws_cloudwatch_metric_alarm.this["main-crashes"].alarm_actions == toset(["arn:aws:sns:eu-central-1:444455556666:tracker"])
      && aws_cloudwatch_composite_alarm.answers_are_not_coming.alarm_actions == toset(["arn:aws:sns:eu-central-1:444455556666:pager"])
    )
    error_message = "The environment has topics of its own besides those that were named."
  }
}

run "takes_other_objectives_thresholds_and_links" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    objectives       = { completed_percent = 99, days = 28, queue_wait_seconds = 5 }
    runbook_base_url = "https://runbooks.example.com/"
    thresholds       = { dead_letters_days = 7, tokens_an_hour = 5, least_bad_requests = null }
  }

  assert {
    condition = (
      format("%.2f", aws_cloudwatch_metric_alarm.this["error-budget-1h"].threshold) == "13.44"
      && aws_cloudwatch_metric_alarm.this["answers-wait"].threshold == 5000
      && aws_cloudwatch_metric_alarm.this["dead-letters-age"].evaluation_periods == 168
      && aws_cloudwatch_metric_alarm.this["tokens-run-away"].threshold == 5
      && endswith(aws_cloudwatch_metric_alarm.this["tokens-run-away"].alarm_description, "Runbook: https://runbooks.example.com/tokens-run-away.md")
    )
    error_message = "An objective, a threshold or the link has no effect."
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
    ])) == 14
    error_message = "Graphs lie on top of each other: ${aws_cloudwatch_dashboard.this.dashboard_body}"
  }

  assert {
    # An account has one set of dashboards for all Regions.
    condition     = endswith(aws_cloudwatch_dashboard.this.dashboard_name, "-${data.aws_region.current.id}")
    error_message = "The dashboard's name is ${aws_cloudwatch_dashboard.this.dashboard_name}, without the Region."
  }
}

run "refuses_an_objective_without_a_budget" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    objectives = { completed_percent = 100 }
  }

  expect_failures = [var.objectives]
}

run "refuses_an_objective_that_no_outage_could_miss_fast_enough" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    objectives = { completed_percent = 90 }
  }

  expect_failures = [var.objectives]
}

run "refuses_an_objective_over_a_quarter" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    objectives = { days = 90 }
  }

  expect_failures = [var.objectives]
}

run "refuses_an_objective_of_no_seconds" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    objectives = { queue_wait_seconds = 0 }
  }

  expect_failures = [var.objectives]
}

run "refuses_a_threshold_that_is_always_reached" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    thresholds = { blocked_percent = 0 }
  }

  expect_failures = [var.thresholds]
}

run "refuses_a_threshold_that_is_never_reached" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    thresholds = { blocked_percent = 101 }
  }

  expect_failures = [var.thresholds]
}

run "refuses_to_look_back_longer_than_cloudwatch_does" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    thresholds = { dead_letters_days = 8 }
  }

  expect_failures = [var.thresholds]
}

run "refuses_half_a_request" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    thresholds = { least_bad_requests = 2.5 }
  }

  expect_failures = [var.thresholds]
}

run "refuses_a_heartbeat_slower_than_a_day" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    heartbeat_minutes = 1441
  }

  expect_failures = [var.heartbeat_minutes]
}

run "refuses_a_link_that_its_key_would_run_into" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    runbook_base_url = "https://runbooks.example.com"
  }

  expect_failures = [var.runbook_base_url]
}

run "refuses_what_is_no_topic" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    topic_arns = { page = "arn:aws:sqs:eu-central-1:444455556666:pager" }
  }

  expect_failures = [var.topic_arns]
}

run "accepts_a_customer_managed_key_for_the_topics" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    kms_key = { arn = "arn:aws:kms:eu-central-1:111122223333:key/a-key" }
  }

  assert {
    condition     = alltrue([for topic in aws_sns_topic.this : topic.kms_master_key_id == "arn:aws:kms:eu-central-1:111122223333:key/a-key"])
    error_message = "The topics are encrypted by ${jsonencode(values(aws_sns_topic.this)[*].kms_master_key_id)}."
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
