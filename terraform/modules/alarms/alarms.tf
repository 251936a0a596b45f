locals {
  # Lambda stamps the data point of an error with the start of its invocation, but sends it at the end (CW-06). So a
  # point may appear as far in the past as the timeout is long; 5 minutes more are for its delivery.
  _main_error_periods = ceil(var.main_function.timeout_seconds / 60) + 5

  _api_dimensions               = { ApiId = var.api.id, Stage = var.api.stage }
  _main_dimensions              = { FunctionName = var.main_function.name }
  _websocket_handler_dimensions = { FunctionName = var.websocket_handler_function_name }

  # Every alarm. The key is the last part of its name, and the name of its runbook. Each alarm looks at periods of a
  # minute, and goes off if at least `datapoints` of the last `periods` reach the threshold.
  alarms = {
    api-execution-errors = {
      meaning    = "API Gateway could not call the websocket handler: clients' messages fail."
      namespace  = "AWS/ApiGateway"
      metric     = "ExecutionError"
      dimensions = local._api_dimensions
      statistic  = "Sum"
      threshold  = 1
      datapoints = 1
      periods    = 1
    }
    api-integration-errors = {
      meaning    = "The websocket handler answered API Gateway with an error: clients' messages fail."
      namespace  = "AWS/ApiGateway"
      metric     = "IntegrationError"
      dimensions = local._api_dimensions
      statistic  = "Sum"
      threshold  = 1
      datapoints = 1
      periods    = 1
    }
    buried-requests = {
      meaning    = "Every attempt at a request failed. Its client was told so, and the request goes to the dead-letter queue."
      namespace  = "Selador"
      metric     = "Buried"
      dimensions = local._main_dimensions
      statistic  = "Sum"
      threshold  = 1
      datapoints = 1
      periods    = 5 # metrics in log lines lag behind by the delivery of the logs (CW-17)
    }
    dead-letter-queue-not-empty = {
      meaning = "The dead-letter queue holds unanswered requests. SQS deletes them 14 days after they were accepted."
      # NumberOfMessagesSent would not do: it does not count the messages that SQS itself moves here (SQS-25).
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = var.dead_letter_queue_name }
      statistic  = "Maximum"
      threshold  = 1
      datapoints = 1
      periods    = 1
    }
    main-errors = {
      meaning    = "The main function crashed, ran out of memory or reached its timeout: a request waits for its next attempt."
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      dimensions = local._main_dimensions
      statistic  = "Sum"
      threshold  = 1
      datapoints = 1
      periods    = local._main_error_periods
    }
    main-throttles = {
      meaning    = "Lambda throttled the main function for lack of concurrency. Requests wait, and may use up their attempts unread."
      namespace  = "AWS/Lambda"
      metric     = "Throttles"
      dimensions = local._main_dimensions
      statistic  = "Sum"
      threshold  = 1
      datapoints = 1
      periods    = 1
    }
    oldest-message-age = {
      meaning    = "Requests wait almost as long as an answer is useful. Soon they will be refused unread."
      namespace  = "AWS/SQS"
      metric     = "ApproximateAgeOfOldestMessage"
      dimensions = { QueueName = var.queue_name }
      statistic  = "Maximum"
      threshold  = floor(0.8 * var.request_max_age_seconds)
      # A message also ages while it is being answered. If that takes the whole timeout, the message is above the
      # threshold for a few minutes.
      datapoints = 5
      periods    = 5
    }
    websocket-handler-errors = {
      meaning    = "The websocket handler failed with an error that it did not expect. Its client was told \"Internal server error\"."
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      dimensions = local._websocket_handler_dimensions
      statistic  = "Sum"
      threshold  = 1
      datapoints = 1
      periods    = 1
    }
    websocket-handler-throttles = {
      meaning    = "Lambda throttled the websocket handler for lack of concurrency: clients' messages fail."
      namespace  = "AWS/Lambda"
      metric     = "Throttles"
      dimensions = local._websocket_handler_dimensions
      statistic  = "Sum"
      threshold  = 1
      datapoints = 1
      periods    = 1
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${var.name_prefix}-${each.key}"
  alarm_description = "${each.value.meaning} Runbook: docs/runbooks/${each.key}.md"

  namespace   = each.value.namespace
  metric_name = each.value.metric
  dimensions  = each.value.dimensions
  statistic   = each.value.statistic
  period      = 60

  comparison_operator = "GreaterThanOrEqualToThreshold"
  datapoints_to_alarm = each.value.datapoints
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching" # these counters have no data while all is well, and `missing` would hold an alarm (CW-25)

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
