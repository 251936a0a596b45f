resource "aws_apigatewayv2_api" "this" {
  name                       = var.name
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

resource "aws_apigatewayv2_deployment" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  description = "Routes of ${var.name}"

  # A stage serves a deployment's copy of the routes, and a changed route has no effect until a new deployment (WS-07).
  # So a change of anything that a route consists of must create a deployment.
  triggers = {
    routes = sha256(jsonencode({
      authorization = local.authorization
      authorizer    = var.authorizer
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

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode(local.access_log_fields)
  }

  default_route_settings {
    data_trace_enabled     = false # data traces log the bodies of messages
    logging_level          = var.execution_log_level
    throttling_burst_limit = var.throttling.burst_limit # set both: the provider sends an unset one as 0 (TF-08)
    throttling_rate_limit  = var.throttling.rate_limit
  }
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
  name              = "/aws/apigateway/${var.name}/access"
  kms_key_id        = one(var.kms_key[*].arn)
  retention_in_days = var.log_retention_days
}

data "aws_iam_policy_document" "post" {
  statement {
    # Posting to a connection needs this action on the path of @connections (CB-13).
    sid       = "PostToConnections"
    actions   = ["execute-api:ManageConnections"]
    resources = ["${aws_apigatewayv2_api.this.execution_arn}/${var.stage_name}/POST/@connections/*"]
  }
}
