# What the alarms and the dashboard look at. An expression names a metric by its key here.
locals {
  _api        = tomap({ ApiId = var.api.id, Stage = var.api.stage })
  _authorizer = tomap({ FunctionName = try(var.authorizer_function.name, "none") })
  _handler    = tomap({ FunctionName = var.websocket_handler_function_name })
  _main       = tomap({ FunctionName = var.main_function.name })
  _queue      = tomap({ QueueName = var.queue_name })
  _dead       = tomap({ QueueName = var.dead_letter_queue_name })
  # What Lambda counts of the older version while two serve (CW-02). No plan that publishes the newest knows its number.
  _stable = merge(local._main, {
    ExecutedVersion = try(var.main_function.canary.stable_version, "none")
    Resource        = "${var.main_function.name}:${try(var.main_function.canary.alias, "none")}"
  })
  # What no function counts: whoever runs a check or a maintenance puts it, for one environment of an account.
  _environment = tomap({ Environment = var.name_prefix })

  _metrics = {
    accepted       = ["Selador", "Accepted", local._handler, "Sum"]
    rejected       = ["Selador", "Rejected", local._handler, "Sum"]
    send_failed    = ["Selador", "SendFailed", local._handler, "Sum"]
    unanswered     = ["Selador", "Unanswered", local._handler, "Sum"]
    unauthorized   = ["Selador", "Unauthorized", local._handler, "Sum"]
    refused_tokens = ["Selador", "ConnectionRefused", local._authorizer, "Sum"]
    keys_lacking   = ["Selador", "KeySetUnavailable", local._authorizer, "Sum"]

    abandoned         = ["Selador", "Abandoned", local._main, "Sum"]
    attempts_ended    = ["Selador", "AttemptDuration", local._main, "SampleCount"]
    attempts_failed   = ["Selador", "AttemptFailed", local._main, "Sum"]
    bedrock_throttled = ["Selador", "BedrockThrottled", local._main, "Sum"]
    blocked           = ["Selador", "Blocked", local._main, "Sum"]
    buried            = ["Selador", "Buried", local._main, "Sum"]
    completed         = ["Selador", "Completed", local._main, "Sum"]
    deployment_faults = ["Selador", "DeploymentFault", local._main, "Sum"]
    ended             = ["Selador", "Attempts", local._main, "SampleCount"] # main says at each request's end how many it took
    expired           = ["Selador", "Expired", local._main, "Sum"]
    failed            = ["Selador", "Failed", local._main, "Sum"]
    failed_posts      = ["Selador", "FailedPosts", local._main, "Sum"]
    first_words       = ["Selador", "TimeToFirstToken", local._main, "SampleCount"]
    first_words_p50   = ["Selador", "TimeToFirstToken", local._main, "p50"]
    first_words_p95   = ["Selador", "TimeToFirstToken", local._main, "p95"]
    input_tokens      = ["Selador", "InputTokens", local._main, "Sum"]
    output_tokens     = ["Selador", "OutputTokens", local._main, "Sum"]
    posts             = ["Selador", "Posts", local._main, "Sum"]
    refused           = ["Selador", "Refused", local._main, "Sum"]
    throttled_posts   = ["Selador", "ThrottledPosts", local._main, "Sum"]
    unreadable        = ["Selador", "Unreadable", local._main, "Sum"]
    waits             = ["Selador", "QueueWait", local._main, "SampleCount"]
    waits_p50         = ["Selador", "QueueWait", local._main, "p50"]
    waits_p95         = ["Selador", "QueueWait", local._main, "p95"]

    heartbeats  = ["Selador", "Heartbeat", local._environment, "Maximum"]
    maintenance = ["Selador", "Maintenance", local._environment, "Maximum"]
    model_days  = ["Selador", "ModelDaysLeft", local._environment, "Minimum"]

    connects           = ["AWS/ApiGateway", "ConnectCount", local._api, "Sum"]
    execution_errors   = ["AWS/ApiGateway", "ExecutionError", local._api, "Sum"]
    integration_errors = ["AWS/ApiGateway", "IntegrationError", local._api, "Sum"]
    client_errors      = ["AWS/ApiGateway", "ClientError", local._api, "Sum"]

    certificate_days = ["AWS/CertificateManager", "DaysToExpiry", tomap({ CertificateArn = coalesce(var.certificate_arn, "none") }), "Minimum"]

    authorizer_calls         = ["AWS/Lambda", "Invocations", local._authorizer, "Sum"]
    authorizer_duration_p90  = ["AWS/Lambda", "Duration", local._authorizer, "p90"]
    authorizer_throttles     = ["AWS/Lambda", "Throttles", local._authorizer, "Sum"]
    handler_calls            = ["AWS/Lambda", "Invocations", local._handler, "Sum"]
    handler_duration_p95     = ["AWS/Lambda", "Duration", local._handler, "p95"]
    handler_throttles        = ["AWS/Lambda", "Throttles", local._handler, "Sum"]
    main_calls               = ["AWS/Lambda", "Invocations", local._main, "Sum"]
    main_duration_max        = ["AWS/Lambda", "Duration", local._main, "Maximum"]
    main_duration_max_stable = ["AWS/Lambda", "Duration", local._stable, "Maximum"]
    main_errors              = ["AWS/Lambda", "Errors", local._main, "Sum"]
    main_running             = ["AWS/Lambda", "ConcurrentExecutions", local._main, "Maximum"]
    main_throttles           = ["AWS/Lambda", "Throttles", local._main, "Sum"]

    page_failures   = ["AWS/SNS", "NumberOfNotificationsFailed", tomap({ TopicName = local._topic_names.page }), "Sum"]
    ticket_failures = ["AWS/SNS", "NumberOfNotificationsFailed", tomap({ TopicName = local._topic_names.ticket }), "Sum"]

    # NumberOfMessagesSent would not do for dead letters: it doesn't count those that SQS itself moves (SQS-25).
    dead_letters  = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", local._dead, "Maximum"]
    dead_in_hand  = ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", local._dead, "Maximum"]
    deleted       = ["AWS/SQS", "NumberOfMessagesDeleted", local._queue, "Sum"]
    in_flight     = ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", local._queue, "Maximum"]
    waiting       = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", local._queue, "Maximum"]
    waiting_least = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", local._queue, "Minimum"]
  }

  metrics = {
    for key, metric in local._metrics :
    key => { namespace = metric[0], name = metric[1], dimensions = metric[2], statistic = metric[3] }
  }
}
