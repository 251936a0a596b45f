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
      authorizer_id = one(aws_apigatewayv2_authorizer.jwt[*].id)
      type          = local._authorization_types[var.authorization]
      } : {
      authorizer_id = null
      type          = "NONE"
    }
  }
}

# A WebSocket API has neither simple responses (AUTH-06) nor a cache of the authorizer's results (AUTH-07); AWS refuses
# the settings for them.
resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.authorization == "jwt" ? 1 : 0

  api_id           = aws_apigatewayv2_api.this.id
  authorizer_type  = "REQUEST"
  authorizer_uri   = var.authorizer.function.invoke_arn
  identity_sources = var.authorizer.identity_sources
  name             = "${var.name}-jwt"
}

resource "aws_lambda_permission" "authorizer" {
  count = var.authorization == "jwt" ? 1 : 0

  action        = "lambda:InvokeFunction"
  function_name = var.authorizer.function.function_name
  principal     = "apigateway.amazonaws.com"
  qualifier     = var.authorizer.function.qualifier
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.jwt[0].id}"
  statement_id  = "api-authorizer"
}

data "aws_iam_policy_document" "connect" {
  statement {
    # A client that signs its handshake needs this action on the $connect route of the stage (AUTH-12).
    sid       = "Connect"
    actions   = ["execute-api:Invoke"]
    resources = ["${aws_apigatewayv2_api.this.execution_arn}/${var.stage_name}/$connect"]
  }
}
