"""The SQS event source mapping: long polling, batches, partial failures, maximum concurrency."""
