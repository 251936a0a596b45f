output "alias" {
  description = "The alias `live`, which callers call. API Gateway needs `invoke_arn`, a permission `function_name` and `qualifier`. `timeout_seconds` says how long a call may take. All are built from names: whoever needs the alias itself waits for `alias_arn`."
  value = {
    function_name   = var.name
    invoke_arn      = local.invoke_arn
    qualifier       = "live"
    timeout_seconds = var.timeout_seconds
  }
}

output "alias_arn" {
  description = "The ARN of the alias `live`, as soon as it serves the newest version. An event source mapping needs it."
  value       = aws_lambda_alias.live.arn
}

output "environment_variables" {
  description = "The environment variables of the function; null if it has none, as one that was made by hand before it is adopted."
  value       = one(aws_lambda_function.this.environment[*].variables)
}

output "function_name" {
  description = "The name of the function."
  value       = aws_lambda_function.this.function_name
}

output "log_group_name" {
  description = "The name of the log group that the function writes to."
  value       = aws_cloudwatch_log_group.this.name
}

output "role_policies" {
  description = "All that the function may do: policy documents (JSON) by name."
  value       = { for name, policy in aws_iam_role_policy.this : name => policy.policy }
}

output "timeout_seconds" {
  description = "The function's timeout in seconds."
  value       = aws_lambda_function.this.timeout
}

output "version" {
  description = "The newest published version. As `canary.stable_version`, it keeps serving beside the next one."
  value       = aws_lambda_function.this.version
}
