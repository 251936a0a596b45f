locals {
  # Every route of the API. API Gateway sends the body that a two-way route returns to the client as a frame. When
  # $disconnect runs, the connection is closed already (WS-31), and AWS does not say what happens to a body that
  # $connect returns (WS-32). $default takes messages that name no route (WS-03) or are not JSON (WS-04), so that the
  # handler can tell the client what was wrong.
  routes = {
    "$connect"    = { name = "connect", two_way = false }
    "$default"    = { name = "default", two_way = true }
    "$disconnect" = { name = "disconnect", two_way = false }
    "invoke"      = { name = "invoke", two_way = true }
    "ping"        = { name = "ping", two_way = true }
  }
}

# One integration serves all routes: the event tells the handler which route it came by.
resource "aws_apigatewayv2_integration" "handler" {
  api_id               = aws_apigatewayv2_api.this.id
  integration_type     = "AWS_PROXY"
  integration_uri      = var.handler.invoke_arn
  timeout_milliseconds = 29000 # API Gateway's maximum (WS-09)
}

resource "aws_apigatewayv2_route" "this" {
  for_each = local.routes

  api_id                              = aws_apigatewayv2_api.this.id
  authorization_type                  = local.authorization[each.key].type
  authorizer_id                       = local.authorization[each.key].authorizer_id
  route_key                           = each.key
  route_response_selection_expression = each.value.two_way ? "$default" : null
  target                              = "integrations/${aws_apigatewayv2_integration.handler.id}"
}

# A route answers only if it has both this resource and the selection expression above (TF-12).
resource "aws_apigatewayv2_route_response" "this" {
  for_each = { for key, route in local.routes : key => route if route.two_way }

  api_id             = aws_apigatewayv2_api.this.id
  route_id           = aws_apigatewayv2_route.this[each.key].id
  route_response_key = "$default"
}

# The source of a route's calls is the API, the stage and the route's key (WS-77).
resource "aws_lambda_permission" "route" {
  for_each = local.routes

  action        = "lambda:InvokeFunction"
  function_name = var.handler.function_name
  principal     = "apigateway.amazonaws.com"
  qualifier     = var.handler.qualifier
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/${var.stage_name}/${each.key}"
  statement_id  = "api-route-${each.value.name}"

  lifecycle {
    replace_triggered_by = [terraform_data.handler_alias]
  }
}

# The permissions go with the alias, so they are created again when it is. A change of the alias leaves its ARN as it is.
resource "terraform_data" "handler_alias" {
  input = var.handler_alias_arn
}
