output "access_log_group_name" {
  description = "The name of the access log's log group; null if there is none."
  value       = one(aws_cloudwatch_log_group.access[*].name)
}

output "api_id" {
  description = "The id of the API."
  value       = aws_apigatewayv2_api.this.id
}

output "callback_url" {
  description = "The base URL of @connections: AWS's client URL with https instead of wss."
  # AWS gives clients and @connections the same host and path; only the scheme differs (WS-69).
  value = "${replace(aws_apigatewayv2_api.this.api_endpoint, "/^ws/", "http")}/${var.stage_name}"
}

output "connect_policy_json" {
  description = "The policy that clients need to connect if authorization is `iam`."
  value       = local.connect_policy_json
}

output "custom_domain_target" {
  description = "The target of the custom domain's DNS record: `domain_name` and `hosted_zone_id`, for an alias record. Null without a custom domain."
  value = one([
    for domain in aws_apigatewayv2_domain_name.this : {
      domain_name    = domain.domain_name_configuration[0].target_domain_name
      hosted_zone_id = domain.domain_name_configuration[0].hosted_zone_id
    }
  ])
}

output "deployment_trigger" {
  description = "The hash of everything that a route consists of. If it changes, the API is deployed again."
  value       = aws_apigatewayv2_deployment.this.triggers["routes"]
}

output "execution_log_group_name" {
  description = "The name of the execution log's log group; null if there is none."
  value       = one(aws_cloudwatch_log_group.execution[*].name)
}

output "post_policy_json" {
  description = "The policy that a function needs to post to connected clients."
  value       = local.post_policy_json
}

output "stage_name" {
  description = "The name of the stage."
  value       = aws_apigatewayv2_stage.this.name
}

output "websocket_url" {
  description = "The URL that clients connect to."
  # A custom domain's path is its mapping key, without the stage (WS-70).
  value = var.custom_domain == null ? "${aws_apigatewayv2_api.this.api_endpoint}/${aws_apigatewayv2_stage.this.name}" : (
    trimsuffix("wss://${var.custom_domain.name}/${var.custom_domain.mapping_key}", "/")
  )
}
