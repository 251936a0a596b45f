"""CloudWatch Logs as values: events in, those that a pattern matches or a query asks for out. Pure: no clock."""
