# One screen, in the order in which a request passes. What is promised comes first, what is dead last.
locals {
  _good  = "#2ca02c"
  _worse = "#ff7f0e"
  _worst = "#d62728"

  _objectives = [
    {
      title     = "Promised: at least ${var.objectives.completed_percent} % are completed"
      lines     = [{ expression = "100 * SUM([completed]) / SUM([${join(", ", concat(["completed"], local._bad))}])", label = "completed (%)", color = local._good }]
      objective = var.objectives.completed_percent
      most      = 100
    },
    {
      title = "Promised: at most ${var.objectives.queue_wait_seconds} s in the queue"
      lines = [
        { expression = "waits_p95 / 1000", label = "95 of 100 (s)", color = local._worse },
        { expression = "waits_p50 / 1000", label = "half (s)", color = local._good },
      ]
      objective = var.objectives.queue_wait_seconds
    },
    {
      title = "Promised: at most ${var.objectives.first_words_seconds} s to the first words"
      lines = [
        { expression = "first_words_p95 / 1000", label = "95 of 100 (s)", color = local._worse },
        { expression = "first_words_p50 / 1000", label = "half (s)", color = local._good },
      ]
      objective = var.objectives.first_words_seconds
    },
  ]

  _way = [
    {
      title = "1 Connections"
      lines = concat(
        [{ expression = "connects", label = "connected", color = local._good }],
        var.authorizer_function == null ? [] : [
          { expression = "refused_tokens", label = "token refused", color = local._worse },
          { expression = "keys_lacking", label = "no keys", color = local._worst },
          { expression = "authorizer_throttles", label = "throttled", color = local._worst },
        ],
        [{ expression = "client_errors", label = "refused at once", color = "#9467bd" }],
      )
    },
    {
      title = "2 Messages at the front door"
      lines = [
        { expression = "accepted", label = "accepted", color = local._good },
        { expression = "SUM([rejected, unauthorized])", label = "client's fault", color = local._worse },
        { expression = "SUM([send_failed, unanswered])", label = "our fault", color = local._worst },
        { expression = "SUM([execution_errors, integration_errors, handler_throttles])", label = "not handled", color = "#9467bd" },
      ]
    },
    {
      title = "3 The queue"
      lines = [
        { expression = "waiting", label = "waiting", color = local._worse },
        { expression = "in_flight", label = "being answered", color = local._good },
      ]
    },
    {
      title = "4 The main function"
      lines = [
        { expression = "main_running", label = "running", color = local._good },
        { expression = "attempts_failed", label = "attempts failed", color = local._worse },
        { expression = "main_errors", label = "crashed", color = local._worst },
        { expression = "SUM([main_throttles, bedrock_throttled])", label = "throttled", color = "#9467bd" },
      ]
    },
    {
      title = "5 Posts to clients"
      lines = [
        { expression = "posts", label = "all", color = local._good },
        { expression = "throttled_posts", label = "throttled", color = local._worse },
        { expression = "failed_posts", label = "failed", color = local._worst },
      ]
    },
    {
      title = "6 How requests end"
      lines = [
        { expression = "completed", label = "completed", color = local._good },
        { expression = "SUM([refused, blocked])", label = "refused", color = "#7f7f7f" },
        { expression = "abandoned", label = "client left", color = local._worse },
        { expression = "SUM([failed, expired, buried, unreadable])", label = "our failure", color = local._worst },
      ]
    },
    {
      title = "7 Cost: tokens"
      lines = [
        { expression = "input_tokens", label = "read", color = "#1f77b4" },
        { expression = "output_tokens", label = "written", color = local._good },
      ]
    },
    {
      title = "8 Dead letters"
      lines = [{ expression = "dead_letters", label = "dead letters", color = local._worst }]
    },
  ]

  _tables = [
    {
      title = "The last failures"
      query = join(" | ", [
        "fields @timestamp, requestId, message, outcome, code, reason",
        "filter outcome in [\"Failed\", \"Expired\", \"Buried\", \"Unreadable\", \"AttemptFailed\"] or level = \"error\"",
        "sort @timestamp desc",
        "limit 8",
      ])
    },
    {
      title = "The slowest requests"
      query = join(" | ", [
        "fields @timestamp, requestId, AttemptDuration, TimeToFirstToken, QueueWait, outcome",
        "filter message = \"attempt ended\"",
        "sort AttemptDuration desc",
        "limit 8",
      ])
    },
  ]

  # Place and height of each row.
  _graphs = concat(
    [for index, graph in local._objectives : merge({ objective = null, most = null }, graph, { x = 8 * index, y = 0, width = 8, height = 4, period = 300 })],
    [for index, graph in local._way : merge({ objective = null, most = null }, graph, { x = 6 * (index % 4), y = 7 + 4 * floor(index / 4), width = 6, height = 4, period = 60 })],
  )

  # As in an alarm, an expression names metrics by their keys. It needs them beside it, invisible.
  _graph_metrics = [
    for graph in local._graphs : distinct(flatten([
      for line in graph.lines : [for word in regexall("[a-z][a-z0-9_]*", line.expression) : word if contains(keys(local.metrics), word)]
    ]))
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name_prefix}-${data.aws_region.current.id}" # an account's dashboards are the same in all Regions
  dashboard_body = jsonencode({
    widgets = concat(
      [
        for index, graph in local._graphs : {
          type   = "metric"
          x      = graph.x
          y      = graph.y
          width  = graph.width
          height = graph.height
          properties = {
            title = graph.title
            metrics = concat(
              [
                for number, line in graph.lines :
                [{ expression = line.expression, label = line.label, color = line.color, id = "line${number}" }]
              ],
              [
                for key in local._graph_metrics[index] : concat(
                  [local.metrics[key].namespace, local.metrics[key].name],
                  flatten([for name, value in local.metrics[key].dimensions : [name, value]]),
                  [{ id = key, stat = local.metrics[key].statistic, visible = false }],
                )
              ],
            )
            annotations = { horizontal = [for value in graph.objective[*] : { value = value, color = local._worst }] }
            period      = graph.period
            region      = data.aws_region.current.id
            view        = "timeSeries"
            yAxis       = { left = merge({ showUnits = false }, graph.most == null ? { min = 0 } : { max = graph.most }) }
          }
        }
      ],
      [
        {
          type   = "alarm"
          x      = 0
          y      = 4
          width  = 24
          height = 3
          properties = {
            title = "Alarms: pages, then tickets"
            alarms = concat(
              [aws_cloudwatch_composite_alarm.answers_are_not_coming.arn],
              [for key in sort(local.pages) : merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_composite_alarm.page)[key].arn],
              [for key in sort(keys(local._tickets)) : aws_cloudwatch_metric_alarm.this[key].arn],
            )
          }
        },
      ],
      [
        for index, table in local._tables : {
          type   = "log"
          x      = 12 * index
          y      = 15
          width  = 12
          height = 5
          properties = {
            title  = table.title
            query  = join(" | ", concat([for name in var.log_group_names : "SOURCE '${name}'"], [table.query]))
            region = data.aws_region.current.id
            view   = "table"
          }
        }
      ],
    )
  })

  lifecycle {
    # A dashboard that was created under an earlier name keeps it: another name would be another dashboard.
    ignore_changes = [dashboard_name]
  }
}
