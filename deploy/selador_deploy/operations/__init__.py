"""Operate a deployed environment: empty its dead-letter queue, follow a request, say who was hurt."""
