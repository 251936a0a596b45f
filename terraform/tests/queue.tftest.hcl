# The first run applies, and the others plan on top of it: a plan of a new resource does not know the policies that refer
# to it.
provider "aws" {
  access_key                  = "none"
  region                      = "eu-central-1"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_resource {
  target = aws_sqs_queue.this
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/selador-test-requests"
  }
}

override_resource {
  target = aws_sqs_queue.dead_letter
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests-dead-letter"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/selador-test-requests-dead-letter"
  }
}

variables {
  longest_life_seconds       = 2820
  max_attempts               = 3
  name                       = "selador-test-requests"
  visibility_timeout_seconds = 960
}

run "moves_a_message_to_the_dead_letter_queue_after_the_attempts_the_burial_and_a_spare_receive" {
  module {
    source = "./modules/queue"
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this.redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests-dead-letter"
      maxReceiveCount     = 5
    }
    error_message = "The redrive policy is ${aws_sqs_queue.this.redrive_policy}."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.dead_letter.redrive_allow_policy) == {
      redrivePermission = "byQueue"
      sourceQueueArns   = ["arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"]
    }
    error_message = "The dead-letter queue's allow policy is ${aws_sqs_queue.dead_letter.redrive_allow_policy}."
  }
}

run "hides_messages_encrypts_them_and_keeps_dead_ones_longest" {
  command = plan

  module {
    source = "./modules/queue"
  }

  assert {
    condition     = output.visibility_timeout_seconds == 960
    error_message = "The visibility timeout is ${output.visibility_timeout_seconds} s."
  }

  assert {
    condition     = aws_sqs_queue.dead_letter.message_retention_seconds == 1209600
    error_message = "The dead-letter queue keeps messages ${aws_sqs_queue.dead_letter.message_retention_seconds} s."
  }

  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds < aws_sqs_queue.dead_letter.message_retention_seconds
    error_message = "The queue keeps messages ${aws_sqs_queue.this.message_retention_seconds} s, the dead-letter queue ${aws_sqs_queue.dead_letter.message_retention_seconds} s; a dead letter would expire as it arrives."
  }

  assert {
    condition     = aws_sqs_queue.this.sqs_managed_sse_enabled && aws_sqs_queue.dead_letter.sqs_managed_sse_enabled
    error_message = "A queue isn't encrypted."
  }
}

run "tells_the_queues_url_before_either_queue_is_there" {
  command   = plan
  state_key = "no_queue"

  module {
    source = "./modules/queue"
  }

  assert {
    condition     = output.queue_url_by_name == "https://sqs.eu-central-1.amazonaws.com/111122223333/selador-test-requests"
    error_message = "The queue's URL is ${output.queue_url_by_name}."
  }
}

run "refuses_insecure_transport_and_foreign_accounts_on_both_queues" {
  command = plan

  module {
    source = "./modules/queue"
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.this, aws_sqs_queue.dead_letter] : jsondecode(queue.policy) == {
        Version = "2012-10-17"
        Statement = [
          {
            Sid       = "RefuseInsecureTransport"
            Effect    = "Deny"
            Principal = "*"
            Action    = "sqs:*"
            Resource  = queue.arn
            Condition = { Bool = { "aws:SecureTransport" = "false" } }
          },
          {
            Sid       = "RefuseForeignAccounts"
            Effect    = "Deny"
            Principal = "*"
            Action    = "sqs:*"
            Resource  = queue.arn
            Condition = { StringNotEquals = { "aws:PrincipalAccount" = "111122223333" } }
          },
        ]
      }
    ])
    error_message = "A queue's policy is another: ${aws_sqs_queue.this.policy} ${aws_sqs_queue.dead_letter.policy}"
  }
}

run "grants_sender_and_consumer_the_least_they_need" {
  command = plan

  module {
    source = "./modules/queue"
  }

  assert {
    condition = jsondecode(output.send_policy_json).Statement == [{
      Sid      = "SendRequests"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
    }]
    error_message = "The sender's policy is ${output.send_policy_json}."
  }

  assert {
    condition = jsondecode(output.consume_policy_json).Statement == [{
      Sid    = "ConsumeRequests"
      Effect = "Allow"
      Action = [
        "sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
      ]
      Resource = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
    }]
    error_message = "The consumer's policy is ${output.consume_policy_json}."
  }
}

run "accepts_as_many_attempts_as_leave_sqs_two_receives_for_the_burial" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    max_attempts = 998
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_policy).maxReceiveCount == 1000
    error_message = "The redrive policy is ${aws_sqs_queue.this.redrive_policy}."
  }
}

run "refuses_what_leaves_no_receives_for_the_burial_or_is_beyond_sqs" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    max_attempts               = 999
    visibility_timeout_seconds = 43201
    name                       = "selador-a-name-that-with-dead-letter-behind-it-is-longer-than-eighty-x"
  }

  expect_failures = [var.max_attempts, var.name, var.visibility_timeout_seconds]
}

run "encrypts_both_queues_by_the_key_that_is_given_and_lets_sender_and_consumer_use_it" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    kms_key = { arn = "arn:aws:kms:eu-central-1:111122223333:key/a-key" }
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.this, aws_sqs_queue.dead_letter] :
      queue.kms_master_key_id == "arn:aws:kms:eu-central-1:111122223333:key/a-key"
    ])
    error_message = "A queue is encrypted by another key: ${aws_sqs_queue.this.kms_master_key_id}, ${aws_sqs_queue.dead_letter.kms_master_key_id}."
  }

  assert {
    condition = jsondecode(output.send_policy_json).Statement == [
      {
        Sid      = "SendRequests"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
      },
      {
        Sid      = "EncryptRequests"
        Effect   = "Allow"
        Action   = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource = "arn:aws:kms:eu-central-1:111122223333:key/a-key"
      },
    ]
    error_message = "The sender's policy is ${output.send_policy_json}."
  }

  assert {
    condition = jsondecode(output.consume_policy_json).Statement[1] == {
      Sid      = "DecryptRequests"
      Effect   = "Allow"
      Action   = "kms:Decrypt"
      Resource = "arn:aws:kms:eu-central-1:111122223333:key/a-key"
    }
    error_message = "The consumer's policy is ${output.consume_policy_json}."
  }
}

run "accepts_retention_just_longer_than_what_must_fit_in_it" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    retention = { dead_letters_seconds = 2822, messages_seconds = 2821 }
  }

  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds == 2821 && aws_sqs_queue.dead_letter.message_retention_seconds == 2822
    error_message = "Messages are kept ${aws_sqs_queue.this.message_retention_seconds} s, dead ones ${aws_sqs_queue.dead_letter.message_retention_seconds} s."
  }
}

run "refuses_dead_letters_kept_no_longer_than_messages" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    retention = { dead_letters_seconds = 345600 }
  }

  expect_failures = [var.retention]
}

run "refuses_to_keep_messages_no_longer_than_they_may_live" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    retention = { messages_seconds = 2820 }
  }

  expect_failures = [var.retention]
}

run "refuses_retention_beyond_sqs" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    retention = { dead_letters_seconds = 1209601 }
  }

  expect_failures = [var.retention]
}

# An override counts when a resource is made, so these two have states of their own.

run "accepts_a_queue_that_is_known_by_another_host" {
  state_key = "another_host"

  module {
    source = "./modules/queue"
  }

  override_resource {
    target = aws_sqs_queue.this
    values = {
      arn = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
      url = "https://eu-central-1.queue.amazonaws.com/111122223333/selador-test-requests"
    }
  }

  assert {
    condition     = output.queue_url != output.queue_url_by_name
    error_message = "The queue isn't known by another host: its URL is ${output.queue_url}."
  }
}

run "refuses_a_queue_whose_url_is_not_the_one_that_was_told" {
  state_key = "another_name"

  module {
    source = "./modules/queue"
  }

  override_resource {
    target = aws_sqs_queue.this
    values = {
      arn = "arn:aws:sqs:eu-central-1:111122223333:selador-test-requests"
      url = "https://sqs.eu-central-1.amazonaws.com/111122223333/selador-test-others"
    }
  }

  expect_failures = [aws_sqs_queue.this]
}
