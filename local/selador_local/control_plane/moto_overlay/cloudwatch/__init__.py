"""CloudWatch's API for metrics and alarms, and the evaluation of the alarms that Terraform deployed."""
