locals {
  # Title and metrics of each graph, in the order in which a request passes: client, handler, queue, main.
  _graphs = [
    {
      title = "Clients: connections and messages"
      stat  = "Sum"
      metrics = [
        for metric in ["ConnectCount", "MessageCount", "ClientError", "IntegrationError", "ExecutionError"] :
        ["AWS/ApiGateway", metric, "ApiId", var.api.id, "Stage", var.api.stage]
      ]
    },
    {
      title = "How requests ended"
      stat  = "Sum"
      metrics = concat(
        [["Selador", "Accepted", "FunctionName", var.websocket_handler_function_name]],
        [
          for metric in [
            "Completed", "Failed", "Refused", "Blocked", "Abandoned", "Expired", "Buried", "Unreadable", "AttemptFailed",
          ] :
          ["Selador", metric, "FunctionName", var.main_function.name]
        ],
      )
    },
    {
      title = "Queue: waiting, being answered, dead"
      stat  = "Maximum"
      metrics = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.queue_name],
        ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", var.queue_name],
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.dead_letter_queue_name],
      ]
    },
    {
      title   = "Queue: age of the oldest request (s)"
      stat    = "Maximum"
      metrics = [["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", var.queue_name]]
    },
    {
      title = "Functions: errors and throttles"
      stat  = "Sum"
      metrics = flatten([
        for name in [var.websocket_handler_function_name, var.main_function.name] : [
          for metric in ["Errors", "Throttles"] : { row = ["AWS/Lambda", metric, "FunctionName", name] }
        ]
      ])[*].row
    },
    {
      title = "Functions: duration, p95 (ms)"
      stat  = "p95"
      metrics = [
        for name in [var.websocket_handler_function_name, var.main_function.name] :
        ["AWS/Lambda", "Duration", "FunctionName", name]
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name_prefix}-${data.aws_region.current.id}" # an account's dashboards are the same in all Regions
  dashboard_body = jsonencode({
    widgets = concat(
      [
        {
          type   = "alarm"
          x      = 0
          y      = 0
          width  = 24
          height = 4
          properties = {
            title  = "Alarms"
            alarms = [for alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_composite_alarm.page) : alarm.arn]
          }
        },
      ],
      [
        for index, graph in local._graphs : {
          type   = "metric"
          x      = 12 * (index % 2)
          y      = 4 + 6 * floor(index / 2)
          width  = 12
          height = 6
          properties = {
            title   = graph.title
            metrics = graph.metrics
            period  = 60
            region  = data.aws_region.current.id
            stat    = graph.stat
            view    = "timeSeries"
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
