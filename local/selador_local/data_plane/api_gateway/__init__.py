"""API Gateway's WebSocket APIs and their @connections, for the stages that Terraform deployed."""
