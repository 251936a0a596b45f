# The alarms that wait for the morning.
locals {
  _quarter_of_an_hour = { period = 300, periods = 3, datapoints = 3 }

  # More than an hour before. A gap in the metric repeats its last value; before the first value there were no letters.
  _new_dead_letters = "DIFF(FILL(FILL(dead_letters, REPEAT), 0))"

  # If two versions with other timeouts serve, each is judged by its own: by the shorter one, the other version's long runs
  # would be an alarm, and by the longer one, the first version's cut answers would be none. A run longer than any of the
  # older version is the newest's. So one of the newest is missed only if the older one took longer in the same minutes.
  _newest_limit_ms = 1000 * (var.main_function.timeout_seconds - var.main_function.reserved_seconds)
  _stable_limit_ms = 1000 * (try(var.main_function.canary.stable_timeout_seconds, var.main_function.timeout_seconds) - var.main_function.reserved_seconds)
  _main_near_timeout = local._newest_limit_ms == local._stable_limit_ms ? {
    expression = "main_duration_max"
    threshold  = local._newest_limit_ms
    } : {
    expression = "IF(FILL(main_duration_max_stable, 0) >= ${local._stable_limit_ms} OR (main_duration_max >= ${local._newest_limit_ms} AND main_duration_max > FILL(main_duration_max_stable, 0)), 1, 0)"
    threshold  = 1
  }

  _tickets = merge(
    {
      bedrock-throttles = merge(local._quarter_of_an_hour, {
        broken    = "Answers come late or fail, because Bedrock throttles us."
        look      = "Bedrock's quotas for the model, and how many tokens a minute are used."
        part      = ["bedrock_throttled"]
        whole     = ["attempts_ended"]
        least     = 5
        threshold = var.thresholds.bedrock_throttles_percent
      })
      blocked-unusually = merge(local._quarter_of_an_hour, {
        broken    = "The guardrail blocks unusually many requests: users who mean no harm may get no answers."
        look      = "what changed in the guardrail; then who is blocked."
        part      = ["blocked"]
        whole     = ["ended"]
        least     = 5
        threshold = var.thresholds.blocked_percent
      })
      clients-leave = merge(local._quarter_of_an_hour, {
        broken    = "Unusually many users leave before their answer is complete, or API Gateway says so."
        look      = "the dashboard, for how long they wait for the first words."
        part      = ["abandoned"]
        whole     = ["ended"]
        least     = 5
        threshold = var.thresholds.clients_leave_percent
      })
      dead-letters = {
        broken     = "Requests lie in the dead-letter queue. SQS deletes them 14 days after they were accepted."
        look       = "the dead letters, grouped by their cause."
        expression = "SUM([dead_letters, dead_in_hand])" # whoever looks at a letter hides it for a while
        threshold  = 1
        tells      = ["OK"] # dead-letters-arrive tells of the beginning, also if old letters lie there
      }
      dead-letters-age = {
        broken     = "The dead-letter queue has not been empty for days, and SQS will delete what lies there."
        look       = "the dead letters, grouped by their age."
        expression = "dead_letters"
        threshold  = 1
        # Not by ApproximateAgeOfOldestMessage: it leaves out whatever was received three times (SQS-34), as these were.
        period  = 3600
        periods = 24 * var.thresholds.dead_letters_days
      }
      dead-letters-arrive = {
        broken     = "A request failed for good. Its user was told so, unless the message can't be read."
        look       = "the dead letters, grouped by their cause."
        expression = local._new_dead_letters
        threshold  = 1
        period     = 3600      # further ones within an hour are the same incident
        tells      = ["ALARM"] # an hour without another isn't the end: that is an empty queue
      }
      error-budget-burns = {
        broken    = "Over a day, more requests ended badly than the objective allows."
        look      = "the dashboard, for how requests end."
        part      = local._bad
        whole     = concat(["completed"], local._bad)
        least     = var.thresholds.least_bad_requests
        threshold = local._budget_percent
        period    = 86400
      }
      first-words-late = merge(local._quarter_of_an_hour, {
        broken     = "Users stare at an empty answer: the first words come late, though somebody works on the request."
        look       = "main's log, for how long the search and the model take."
        expression = "IF(first_words >= 5, first_words_p95, 0)"
        threshold  = 1000 * var.objectives.first_words_seconds
      })
      main-crashes = {
        broken    = "Answers break off and begin anew: the main function crashes, or has too little memory or time."
        look      = "main's log, for how its invocations ended."
        part      = ["main_errors"]
        whole     = ["main_calls"]
        least     = 3 # one crash heals by itself: the next attempt answers
        threshold = var.thresholds.main_crashes_percent
        period    = 900
        # A data point may appear as far in the past as the timeout is long (CW-06).
        periods    = ceil(local._longest_run_seconds / 900) + 1
        datapoints = 1
      }
      main-near-timeout = {
        broken     = "Some answers take as long as the function may run. They are cut off."
        look       = "main's log, for the requests whose ending is out_of_time."
        expression = local._main_near_timeout.expression
        threshold  = local._main_near_timeout.threshold
        period     = 300
        periods    = ceil(local._longest_run_seconds / 300) + 2
        datapoints = 2
      }
      main-throttles = merge(local._quarter_of_an_hour, {
        broken    = "Requests wait, and may use up their attempts unread: Lambda has no concurrency left for the main function."
        look      = "the account's concurrency, and which function uses it up."
        part      = ["main_throttles"]
        whole     = ["main_calls", "main_throttles"]
        least     = 5
        threshold = var.thresholds.throttles_percent
      })
      model-retires = {
        broken     = "Nothing yet. When the model's life is over, no request will be answered."
        look       = "what make doctor says of the model."
        expression = "model_days"
        comparison = "LessThanOrEqualToThreshold"
        threshold  = var.thresholds.model_days
        period     = 86400
        missing    = "ignore" # a check that doesn't run changes nothing
      }
      notifications-fail = {
        broken     = "Nothing for users. But some alarms don't reach who should hear them."
        look       = "the subscriptions of both topics."
        expression = "SUM([page_failures, ticket_failures])" # an address that never confirmed fails nothing (CW-58)
        threshold  = 1
        period     = 300
      }
      posts-throttled = merge(local._quarter_of_an_hour, {
        broken    = "Answers come in jerks: API Gateway throttles main's posts."
        look      = "whether one slow client is throttled, or the account's rate is used up."
        part      = ["throttled_posts"]
        whole     = ["posts"]
        least     = 5
        threshold = var.thresholds.posts_throttled_percent
      })
      tokens-run-away = {
        broken     = "Nothing for users. But this hour's answers cost more than anybody planned."
        look       = "who asks so much: the requests by principal, in main's log."
        expression = "FILL(SUM([input_tokens, output_tokens]), 0)"
        threshold  = var.thresholds.tokens_an_hour
        period     = 3600
      }
      websocket-handler-slow = merge(local._quarter_of_an_hour, {
        broken     = "Clients wait seconds until their request is accepted."
        look       = "whether SQS answers slowly, or cold starts are many."
        expression = "IF(handler_calls >= 5, handler_duration_p95, 0)"
        threshold  = var.thresholds.handler_slow_ms
      })
      websocket-handler-throttles = merge(local._quarter_of_an_hour, {
        broken    = "Some clients can't connect or are told \"Internal server error\": Lambda has no concurrency left for the websocket handler."
        look      = "the account's concurrency, and which function uses it up."
        part      = ["handler_throttles"]
        whole     = ["handler_calls", "handler_throttles"]
        least     = 5
        threshold = var.thresholds.throttles_percent
      })
    },
    {
      for key, alarm in {
        certificate-expires = {
          broken     = "Nothing yet. When the custom domain's certificate expires, nobody can connect."
          look       = "why ACM didn't renew it: the domain's validation, or an imported certificate."
          expression = "certificate_days"
          comparison = "LessThanOrEqualToThreshold"
          threshold  = var.thresholds.certificate_days
          period     = 86400
          missing    = "ignore" # ACM reports no more once the certificate has expired (CW-57)
        }
      } : key => alarm if var.certificate_arn != null
    },
  )
}
