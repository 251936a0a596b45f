output "artifact_bucket_name" {
  description = "The bucket of artifacts: the value of `artifact_bucket` for the environments in this account and Region."
  value       = aws_s3_bucket.this["artifacts"].bucket
}

output "deploy_role_arns" {
  description = "The roles of each environment in `deploy_roles`: `plan` and `deploy`."
  value = {
    for environment in keys(var.deploy_roles) : environment => {
      deploy = aws_iam_role.deploy["${environment}-deploy"].arn
      plan   = aws_iam_role.deploy["${environment}-plan"].arn
    }
  }
}

output "publish_role_arn" {
  description = "The role that publishes artifacts; null without `deploy_roles`."
  value       = one(aws_iam_role.publish[*].arn)
}

output "state_bucket_name" {
  description = "The bucket of states: the value of `bucket` in environments/<environment>.s3.tfbackend, for the environments in this account and Region."
  value       = aws_s3_bucket.this["terraform-state"].bucket
}
