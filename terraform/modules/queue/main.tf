data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  dead_letter_name = coalesce(var.dead_letter_name, "${var.name}-dead-letter")

  # Built from names, so that the two queues can refer to each other, and the plan shows every policy in full.
  _arn_prefix = join(":", [
    "arn", data.aws_partition.current.partition, "sqs", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id,
  ])
  arn             = "${local._arn_prefix}:${var.name}"
  dead_letter_arn = "${local._arn_prefix}:${local.dead_letter_name}"

  # A URL that a plan knows: a function adopted without variables can't be given one that is learned only during the apply
  # (the provider's "inconsistent final plan"). And nobody need wait for either queue.
  url = join("/", [
    "https://sqs.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}",
    data.aws_caller_identity.current.account_id, var.name,
  ])
}

# Policies and redrive settings stand in the queue itself. The provider waits at least 25 s after it creates a queue
# (TF-15), and as long again for each separate policy or redrive resource.
resource "aws_sqs_queue" "this" {
  name                       = var.name
  kms_master_key_id          = one(var.kms_key[*].arn)
  message_retention_seconds  = var.retention.messages_seconds
  policy                     = data.aws_iam_policy_document.queue["this"].json
  sqs_managed_sse_enabled    = var.kms_key == null ? true : null
  visibility_timeout_seconds = var.visibility_timeout_seconds

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter.arn
    maxReceiveCount     = var.max_attempts + 2 # at the last two the client is told; one is to spare if a worker dies
  })

  lifecycle {
    postcondition {
      condition     = self.arn == null || self.arn == local.arn # null if its creation failed, which says so itself
      error_message = "The queue's ARN is ${self.arn}, but the policies name ${local.arn}."
    }

    postcondition {
      # A queue that was made long ago, and one behind another endpoint, is known by another host's name. The functions'
      # client asks its own endpoint, whatever the host.
      condition     = self.url == null || endswith(self.url, "/${data.aws_caller_identity.current.account_id}/${var.name}")
      error_message = "The queue's URL is ${self.url}, but the functions are told ${local.url}."
    }
  }
}

resource "aws_sqs_queue" "dead_letter" {
  name                      = local.dead_letter_name
  kms_master_key_id         = one(var.kms_key[*].arn)
  message_retention_seconds = var.retention.dead_letters_seconds
  policy                    = data.aws_iam_policy_document.queue["dead_letter"].json
  sqs_managed_sse_enabled   = var.kms_key == null ? true : null

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.arn]
  })

  lifecycle {
    postcondition {
      condition     = self.arn == null || self.arn == local.dead_letter_arn # null if its creation failed, which says so itself
      error_message = "The dead-letter queue's ARN is ${self.arn}, but the policies name ${local.dead_letter_arn}."
    }
  }
}
