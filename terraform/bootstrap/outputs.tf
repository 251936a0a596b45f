output "artifact_bucket_name" {
  description = "The bucket of artifacts: the value of `artifact_bucket` for the environments in this account and Region."
  value       = aws_s3_bucket.this["artifacts"].bucket
}

output "state_bucket_name" {
  description = "The bucket of states: the value of `bucket` in environments/<environment>.s3.tfbackend, for the environments in this account and Region."
  value       = aws_s3_bucket.this["terraform-state"].bucket
}
