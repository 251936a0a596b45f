"""API Gateway, Lambda and the event source mappings, as Terraform deployed them."""
