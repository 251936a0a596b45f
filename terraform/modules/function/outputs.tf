output "alias" {
  description = "The alias `live`, which callers call: `arn` for an event source mapping, `invoke_arn` for API Gateway, `function_name` and `qualifier` for a permission, `timeout_seconds` for whoever waits."
  value = {
    arn             = aws_lambda_alias.live.arn
    function_name   = aws_lambda_alias.live.function_name
    invoke_arn      = aws_lambda_alias.live.invoke_arn
    qualifier       = aws_lambda_alias.live.name
    timeout_seconds = aws_lambda_function.this.timeout
  }
}

output "environment_variables" {
  description = "The function's environment variables."
  value       = aws_lambda_function.this.environment[0].variables
}

output "function_name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "log_group_name" {
  description = "The log group that the function writes to."
  value       = aws_cloudwatch_log_group.this.name
}

output "role_policies" {
  description = "Everything the function may do: policy documents (JSON) by name."
  value       = { for name, policy in aws_iam_role_policy.this : name => policy.policy }
}

output "timeout_seconds" {
  description = "The function's timeout in seconds."
  value       = aws_lambda_function.this.timeout
}

output "version" {
  description = "The newest published version; as `canary.stable_version` it goes on serving beside the next."
  value       = aws_lambda_function.this.version
}
