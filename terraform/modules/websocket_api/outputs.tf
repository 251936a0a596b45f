output "access_log_group_name" {
  description = "The log group of the access log."
  value       = aws_cloudwatch_log_group.access.name
}

output "api_id" {
  description = "The API's id."
  value       = aws_apigatewayv2_api.this.id
}

output "callback_url" {
  description = "The base of @connections: the client URL with http for ws (WS-69)."
  value       = "${replace(aws_apigatewayv2_api.this.api_endpoint, "/^ws/", "http")}/${aws_apigatewayv2_stage.this.name}"
}

output "connect_policy_json" {
  description = "The least that connecting needs where authorization is `iam`."
  value       = data.aws_iam_policy_document.connect.json
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
  description = "Where clients connect (WS-69)."
  value       = "${aws_apigatewayv2_api.this.api_endpoint}/${aws_apigatewayv2_stage.this.name}"
}
