output "access_log_group_name" {
  description = "The log group of the access log."
  value       = aws_cloudwatch_log_group.access.name
}

output "api_id" {
  description = "The API's id."
  value       = aws_apigatewayv2_api.this.id
}

output "callback_url" {
  description = "The base of @connections: the client URL with http for ws."
  # AWS gives clients and @connections the same host and path; only the scheme differs (WS-69).
  value = "${replace(aws_apigatewayv2_api.this.api_endpoint, "/^ws/", "http")}/${aws_apigatewayv2_stage.this.name}"
}

output "connect_policy_json" {
  description = "The least that connecting needs where authorization is `iam`."
  value       = data.aws_iam_policy_document.connect.json
}

output "custom_domain_target" {
  description = "What DNS must point the custom domain at: `domain_name` and `hosted_zone_id` for an alias record; null where there is none."
  value = one([
    for domain in aws_apigatewayv2_domain_name.this : {
      domain_name    = domain.domain_name_configuration[0].target_domain_name
      hosted_zone_id = domain.domain_name_configuration[0].hosted_zone_id
    }
  ])
}

output "deployment_trigger" {
  description = "The hash of everything that a route is made of; a new one means a new deployment."
  value       = aws_apigatewayv2_deployment.this.triggers["routes"]
}

output "post_policy_json" {
  description = "The least that posting to a connected client needs."
  value       = data.aws_iam_policy_document.post.json
}

output "stage_name" {
  description = "The stage's name."
  value       = aws_apigatewayv2_stage.this.name
}

output "websocket_url" {
  description = "Where clients connect."
  # A custom domain's path is its mapping key, without the stage (WS-70).
  value = var.custom_domain == null ? "${aws_apigatewayv2_api.this.api_endpoint}/${aws_apigatewayv2_stage.this.name}" : (
    trimsuffix("wss://${var.custom_domain.name}/${var.custom_domain.mapping_key}", "/")
  )
}
