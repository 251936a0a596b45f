resource "aws_apigatewayv2_api" "this" {
  name                       = var.name
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

# AWS deletes no deployment that a stage serves. So Terraform creates the new one first, moves the stage to it and then
# destroys the old one. This order spreads to everything that the deployment depends on (TF-26), and it is wrong for
# whatever has a fixed name: for a queue, AWS returns the old one, which is destroyed afterwards (SQS-35). So the deployment
# depends on nothing outside this module: it knows the functions by ARNs that are built from names, and the stage waits for
# the functions.
#
# Inside this module there is no way around it. If a route, a route response or the authorizer is tainted, AWS refuses the
# second one of its name (WS-78, AUTH-15), and the first one stays. `terraform untaint` accepts it.
resource "aws_apigatewayv2_deployment" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  description = "Routes of ${var.name}"

  # A stage serves a deployment's copy of the routes, and a changed route has no effect until a new deployment (WS-07).
  # So a change of anything that a route consists of must create a deployment.
  triggers = {
    routes = sha256(jsonencode({
      authorization = local.authorization
      authorizer    = var.authorization == "jwt" ? var.authorizer : null
      integration = {
        id                   = aws_apigatewayv2_integration.handler.id
        timeout_milliseconds = aws_apigatewayv2_integration.handler.timeout_milliseconds
        type                 = aws_apigatewayv2_integration.handler.integration_type
        uri                  = aws_apigatewayv2_integration.handler.integration_uri
      }
      route_ids                  = { for key, route in aws_apigatewayv2_route.this : key => route.id }
      route_response_ids         = { for key, response in aws_apigatewayv2_route_response.this : key => response.id }
      route_selection_expression = aws_apigatewayv2_api.this.route_selection_expression
      routes                     = local.routes
    }))
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_stage" "this" {
  #checkov:skip=CKV2_AWS_51:client certificates are for HTTP backends; this API calls a function, with IAM permissions
  api_id        = aws_apigatewayv2_api.this.id
  deployment_id = aws_apigatewayv2_deployment.this.id
  name          = var.stage_name

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.access

    content {
      destination_arn = access_log_settings.value.arn
      format          = jsonencode(local.access_log_fields)
    }
  }

  default_route_settings {
    data_trace_enabled     = false # data traces log the bodies of messages
    logging_level          = var.execution_log_level
    throttling_burst_limit = var.throttling.burst_limit # set both: the provider sends an unset one as 0 (TF-08)
    throttling_rate_limit  = var.throttling.rate_limit
  }

  # It serves new routes when the functions that they call are there and may be called.
  depends_on = [aws_cloudwatch_log_group.execution, aws_lambda_permission.authorizer, aws_lambda_permission.route]
}

# The access log has neither bodies nor query strings, since a query string may hold a token.
locals {
  access_log_fields = {
    connectionId       = "$context.connectionId"
    error              = "$context.error.message"
    eventType          = "$context.eventType"
    integrationError   = "$context.integration.error"
    integrationLatency = "$context.integration.latency"
    integrationStatus  = "$context.integration.status"
    messageId          = "$context.messageId"
    requestId          = "$context.requestId"
    requestTime        = "$context.requestTime"
    routeKey           = "$context.routeKey"
    sourceIp           = "$context.identity.sourceIp"
    stage              = "$context.stage"
    status             = "$context.status"
    userAgent          = "$context.identity.userAgent"
  }
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_338:each environment chooses how long it keeps its lines; prod keeps them 90 days
  count = var.access_log_enabled ? 1 : 0

  name              = "/aws/apigateway/${var.name}/access"
  kms_key_id        = one(var.kms_key[*].arn)
  retention_in_days = var.log_retention_days
}

# API Gateway would create this group itself, without a key, and keep its lines for ever (WS-79).
resource "aws_cloudwatch_log_group" "execution" {
  #checkov:skip=CKV_AWS_338:each environment chooses how long it keeps its lines; prod keeps them 90 days
  count = var.execution_log_level == "OFF" ? 0 : 1

  name              = "/aws/apigateway/${aws_apigatewayv2_api.this.id}/${var.stage_name}"
  kms_key_id        = one(var.kms_key[*].arn)
  retention_in_days = var.log_retention_days
}

locals {
  # A document as a data source would wait for each change of the API, even of its tags, and the plan would show the
  # permission as unknown.
  post_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      # Posting to a connection needs this action on the path of @connections (CB-13).
      Sid      = "PostToConnections"
      Effect   = "Allow"
      Action   = "execute-api:ManageConnections"
      Resource = "${aws_apigatewayv2_api.this.execution_arn}/${var.stage_name}/POST/@connections/*"
    }]
  })
}
