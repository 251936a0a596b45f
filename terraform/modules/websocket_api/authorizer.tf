locals {
  _authorization_types = {
    iam  = "AWS_IAM"
    jwt  = "CUSTOM"
    none = "NONE"
  }

  # API Gateway asks an authorizer only at $connect (AUTH-01), and does not authorize the connection's later messages
  # (AUTH-11).
  authorization = {
    for key in keys(local.routes) : key => key == "$connect" ? {
      authorizer_id = var.authorization == "jwt" ? one(aws_apigatewayv2_authorizer.jwt[*].id) : null
      type          = local._authorization_types[var.authorization]
      } : {
      authorizer_id = null
      type          = "NONE"
    }
  }

  # Built here like post_policy_json, and for the same reason.
  connect_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      # A client that signs its handshake needs this action on the $connect route of the stage (AUTH-12).
      Sid      = "Connect"
      Effect   = "Allow"
      Action   = "execute-api:Invoke"
      Resource = "${aws_apigatewayv2_api.this.execution_arn}/${var.stage_name}/$connect"
    }]
  })
}

# A WebSocket API has neither simple responses (AUTH-06) nor a cache of the authorizer's results (AUTH-07); AWS refuses
# the settings for them.
resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.authorizer == null ? 0 : 1

  api_id           = aws_apigatewayv2_api.this.id
  authorizer_type  = "REQUEST"
  authorizer_uri   = var.authorizer.function.invoke_arn
  identity_sources = var.authorizer.identity_sources
  name             = "${var.name}-jwt"
}

# API Gateway calls for the authorizer, not for the route that asks it. The API has only one. Its id is left out: with it,
# an authorizer that could not be replaced would already have lost its permission.
resource "aws_lambda_permission" "authorizer" {
  count = var.authorizer == null ? 0 : 1

  action        = "lambda:InvokeFunction"
  function_name = var.authorizer.function.function_name
  principal     = "apigateway.amazonaws.com"
  qualifier     = var.authorizer.function.qualifier
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/authorizers/*"
  statement_id  = "api-authorizer"

  lifecycle {
    replace_triggered_by = [terraform_data.authorizer_alias]
  }
}

resource "terraform_data" "authorizer_alias" {
  count = var.authorizer == null ? 0 : 1

  input = var.authorizer_alias_arn
}
