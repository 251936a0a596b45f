"""What API Gateway and Lambda tell CloudWatch: metrics, and lines of log streams."""
