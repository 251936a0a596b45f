"""How IAM judges a request by its policies: pure, with no request or server in it."""
