"""IAM's evaluation of policies: pure, without requests or a server."""
