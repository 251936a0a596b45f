# The alarms that wake somebody: users get no answers now. No page comes of one failure, nor of one bad minute.
#
# An alarm is either a share, `part` of `whole` in percent, once there are `least` in the part; or an `expression`. Its key is
# the last part of its name, and its runbook's.
locals {
  # Metrics in log lines come as late as the lines, so the newest minute is never judged alone (CW-17).
  _three_of_five_minutes = { period = 60, periods = 5, datapoints = 3 }

  # Lambda stamps a data point with the start of its invocation, and sends it at the end (CW-06). During a canary, either
  # version may be the one that runs longer.
  _longest_run_seconds = max(var.main_function.timeout_seconds, try(var.main_function.canary.stable_timeout_seconds, 0))

  _connecting = "(authorizer_calls + authorizer_throttles)"
  _neither    = "(${local._connecting} - refused_tokens - connects)" # let in nor refused

  _lost = "accepted - ended - waiting - in_flight"

  _authorizer_pages = {
    authorizer-slow = merge(local._three_of_five_minutes, {
      broken     = "Connecting takes so long that clients give up, and soon the authorizer runs into its limit of time."
      look       = "the authorizer's log, for how long the issuer's keys take."
      expression = "IF(authorizer_calls >= 2, authorizer_duration_p90, 0)"
      threshold  = var.thresholds.authorizer_slow_percent / 100 * 1000 * try(var.authorizer_function.timeout_seconds, 0)
    })
    authorizer-throttles = merge(local._three_of_five_minutes, {
      broken    = "Clients can't connect: Lambda has no concurrency left for the authorizer."
      look      = "the account's concurrency, and which function uses it up."
      part      = ["authorizer_throttles"]
      whole     = ["authorizer_calls", "authorizer_throttles"]
      least     = 2
      threshold = var.thresholds.throttles_percent
    })
    connects-fail = merge(local._three_of_five_minutes, {
      broken = "Clients can't connect: the authorizer was asked, but neither refused them nor let them in."
      look   = "the authorizer's log, for errors."
      # A refused token is its client's affair. Whoever isn't refused should reach the route $connect.
      expression = "IF(${local._connecting} > 0, IF(${local._neither} >= 2, 100 * ${local._neither} / ${local._connecting}, 0))"
      threshold  = var.thresholds.connects_fail_percent
    })
    key-set-unavailable = merge(local._three_of_five_minutes, {
      broken    = "Nobody can connect: the issuer's keys can't be had, so no token can be verified."
      look      = "whether the key set's URL answers."
      part      = ["keys_lacking"]
      whole     = ["authorizer_calls"]
      least     = 2
      threshold = var.thresholds.key_set_unavailable_percent
    })
  }

  _pages = merge(
    { for key, alarm in local._authorizer_pages : key => alarm if var.authorizer_function != null },
    {
      answers-wait = {
        broken     = "Users wait long before anybody works on their requests: there is more work than workers."
        look       = "the dashboard, for how many requests wait and how many are worked on."
        expression = "IF(waits >= 2, waits_p95, 0)"
        threshold  = 1000 * var.objectives.queue_wait_seconds
        period     = 300
        periods    = 2
      }
      api-execution-errors = merge(local._three_of_five_minutes, {
        broken    = "Clients' messages fail with \"Internal server error\": API Gateway can't call the websocket handler."
        look      = "the access log, for the error that API Gateway names."
        part      = ["execution_errors"]
        whole     = ["handler_calls", "execution_errors"]
        least     = 2
        threshold = var.thresholds.api_errors_percent
      })
      api-integration-errors = merge(local._three_of_five_minutes, {
        broken    = "Clients' messages fail with \"Internal server error\": the websocket handler fails or takes too long."
        look      = "the websocket handler's log, for errors."
        part      = ["integration_errors"]
        whole     = ["handler_calls", "integration_errors"]
        least     = 2
        threshold = var.thresholds.api_errors_percent
      })
      dead-letters-many = {
        broken     = "Within an hour, many requests failed for good. Most of their users were told so."
        look       = "the dead letters, grouped by their cause."
        expression = local._new_dead_letters
        threshold  = var.thresholds.dead_letters_many
        period     = 3600
      }
      deliveries-fail = merge(local._three_of_five_minutes, {
        broken    = "Answers don't reach users who are still connected: API Gateway doesn't take main's posts."
        look      = "main's log, for the reason of the failed posts."
        part      = ["failed_posts"]
        whole     = ["posts"]
        least     = 5
        threshold = var.thresholds.deliveries_fail_percent
      })
      deployment-fault = merge(local._three_of_five_minutes, {
        broken    = "Requests fail until somebody corrects the deployment: a permission, the model or the knowledge base is wrong."
        look      = "main's log, for the reason; then what was deployed last."
        part      = ["deployment_faults"]
        whole     = ["attempts_ended"]
        least     = 2
        threshold = var.thresholds.deployment_fault_percent
      })
      front-door-fails = merge(local._three_of_five_minutes, {
        broken    = "Clients are told that their request can't be taken: the queue takes nothing, or the handler has a defect."
        look      = "the websocket handler's log, for \"request not queued\" and \"message not answered\"."
        part      = ["send_failed", "unanswered"]
        whole     = ["accepted", "send_failed", "unanswered"]
        least     = 2
        threshold = var.thresholds.front_door_fails_percent
      })
      requests-unaccounted = {
        broken = "Accepted requests vanish: they have no end, and are not in the queue either. Their users wait in vain."
        look   = "what else reads, purges or changes the queue."
        # Too little rather than too much: what waited before these five minutes isn't added. A burst at the very end of
        # five minutes can be missing from the queue's count, but not twice in a row. While SQS reports nothing, as after
        # hours of rest (SQS-33), nothing is judged.
        expression = "IF(waiting + in_flight >= 0, IF(${local._lost} >= 3, 100 * (${local._lost}) / accepted, 0))"
        threshold  = var.thresholds.unaccounted_percent
        period     = 300
        periods    = 2
      }
    },
    {
      for key, alarm in {
        heartbeat-fails = {
          broken     = "The smoke test on a schedule fails or doesn't run: perhaps nobody gets an answer."
          look       = "the last run of the smoke test, in the pipeline."
          expression = "heartbeats"
          comparison = "LessThanThreshold"
          threshold  = 1
          period     = 60 * coalesce(var.heartbeat_minutes, 60)
          periods    = 2
          missing    = "breaching" # the silence is the signal
        }
      } : key => alarm if var.heartbeat_minutes != null
    },
  )

  # Alarms that notify nobody: each is a part of a composite alarm, or holds one back.
  _parts = merge(
    {
      for key, window in {
        error-budget-5m  = { burn = local._burn.fast, least = 1, period = 300 }
        error-budget-1h  = { burn = local._burn.fast, least = var.thresholds.least_bad_requests, period = 3600 }
        error-budget-30m = { burn = local._burn.slow, least = 1, period = 1800 }
        error-budget-6h  = { burn = local._burn.slow, least = var.thresholds.least_bad_requests, period = 21600 }
        } : key => {
        broken    = "Too many requests end badly for the objective."
        look      = "the alarm that this one is a part of."
        part      = local._bad
        whole     = concat(["completed"], local._bad)
        least     = window.least
        threshold = window.burn * local._budget_percent
        period    = window.period
      }
    },
    {
      maintenance = {
        broken     = "Nothing: somebody announced maintenance, so nobody is paged."
        look       = "who announced it."
        expression = "FILL(maintenance, 0)" # over exactly when its hour is
        threshold  = 1
        period     = 3600 # how long one announcement lasts
      }
      work-unfinished = {
        broken     = "Requests wait, and none has ended for longer than the longest run."
        look       = "the alarm work-stalls."
        expression = "IF(deleted < 1, waiting_least, 0)"
        threshold  = 1
        period     = 60
        periods    = ceil(local._longest_run_seconds / 60) + 2
      }
      work-untouched = {
        broken     = "Requests wait, and nobody takes them."
        look       = "the alarm work-stalls."
        expression = "IF(in_flight < 1, waiting_least, 0)"
        threshold  = 1
        period     = 60
        periods    = 5
      }
    },
  )

  _composite_pages = {
    error-budget-burns-fast = {
      broken = "Many requests end badly now: at this rate the objective's budget for ${var.objectives.days} days is gone in two."
      look   = "the dashboard, for how requests end; then main's log, for the reasons."
      parts  = ["error-budget-1h", "error-budget-5m"]
      join   = " AND "
    }
    error-budget-burns-slow = {
      broken = "For hours, more requests have ended badly than the objective allows. It goes on."
      look   = "the dashboard, for how requests end; then main's log, for the reasons."
      parts  = ["error-budget-6h", "error-budget-30m"]
      join   = " AND "
    }
    work-stalls = {
      broken = "Requests wait, and nobody works on them: no user gets an answer."
      look   = "whether the event source mapping is enabled, and what it says of its last poll."
      parts  = ["work-untouched", "work-unfinished"]
      join   = " OR "
    }
  }

  _answers_are_not_coming = {
    broken = "Users get no answers, or soon won't."
    look   = "which alarms of this environment are on, on its dashboard."
  }
}
