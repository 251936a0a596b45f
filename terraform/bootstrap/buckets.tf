data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # Each bucket, and how many days it keeps an old version of an object. `make publish` never overwrites a release, so
  # in the bucket of artifacts an old version comes only from a deletion.
  buckets = {
    artifacts       = { old_versions_days = 30 }
    terraform-state = { old_versions_days = 90 }
  }

  # Bucket names must be unique in all of AWS, so they contain account and Region.
  bucket_names = {
    for key, bucket in local.buckets : key => join("-", [
      var.project, key, data.aws_caller_identity.current.account_id, data.aws_region.current.id,
    ])
  }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:CloudTrail can record who reads and writes, and access logs would need a bucket of their own
  #checkov:skip=CKV_AWS_144:artifacts can be rebuilt byte for byte, and a Region's state is useless in another Region
  #checkov:skip=CKV_AWS_145:S3's own keys encrypt it, so no operator needs a KMS key to read the state in an emergency
  #checkov:skip=CKV2_AWS_62:nothing waits for an object here
  for_each = local.buckets

  bucket = local.bucket_names[each.key]

  lifecycle {
    # Without the state, Terraform can't change or remove what it created. Without the artifacts, nobody can roll back.
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "expire-old-versions"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = each.value.old_versions_days
    }
  }

  # Old versions can expire only if versioning is on.
  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = data.aws_iam_policy_document.bucket[each.key].json

  # If S3 gets both at once, it may refuse one of them.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

data "aws_iam_policy_document" "bucket" {
  for_each = local.bucket_names

  statement {
    sid     = "RefuseInsecureTransport"
    effect  = "Deny"
    actions = ["s3:*"]
    resources = [
      "arn:${data.aws_partition.current.partition}:s3:::${each.value}",
      "arn:${data.aws_partition.current.partition}:s3:::${each.value}/*",
    ]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
