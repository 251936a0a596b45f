# A custom domain gives clients a URL that outlives the API behind it. Posts to @connections still go to AWS's own host
# name, because the path behind a custom domain does not name the stage (WS-70).
resource "aws_apigatewayv2_domain_name" "this" {
  count = var.custom_domain == null ? 0 : 1

  domain_name = var.custom_domain.name

  domain_name_configuration {
    certificate_arn = var.custom_domain.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2" # a WebSocket API's domain allows no other policy (WS-71)
  }
}

resource "aws_apigatewayv2_api_mapping" "this" {
  count = var.custom_domain == null ? 0 : 1

  api_id          = aws_apigatewayv2_api.this.id
  api_mapping_key = var.custom_domain.mapping_key
  domain_name     = aws_apigatewayv2_domain_name.this[0].id
  stage           = aws_apigatewayv2_stage.this.name

  lifecycle {
    # The mapping goes with its stage.
    replace_triggered_by = [aws_apigatewayv2_stage.this.arn]
  }
}
