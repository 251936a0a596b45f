output "artifact_bucket_name" {
  description = "The bucket for `artifact_bucket` of every environment in this account and Region."
  value       = aws_s3_bucket.this["artifacts"].bucket
}

output "state_bucket_name" {
  description = "The bucket for environments/<environment>.s3.tfbackend of every environment in this account and Region."
  value       = aws_s3_bucket.this["terraform-state"].bucket
}
