"""SQS's queues, with locks, limits and move tasks as on AWS."""
