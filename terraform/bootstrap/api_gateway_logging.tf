# An account has one log role for all APIs in a Region (TF-13). If an environment owned it, destroying that environment
# would take it from all others. If the account has one already, make bootstrap sets log_role_enabled to false.
resource "aws_api_gateway_account" "this" {
  count = var.log_role_enabled ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.api_gateway_logging[0].arn

  lifecycle {
    # From version 6 on, the provider takes the role away from all APIs when this is destroyed.
    prevent_destroy = true
  }

  depends_on = [aws_iam_role_policy_attachment.api_gateway_logging]
}

resource "aws_iam_role" "api_gateway_logging" {
  count = var.log_role_enabled ? 1 : 0

  name               = "${var.project}-api-gateway-logging-${data.aws_region.current.id}"
  description        = "Lets API Gateway write the logs of this account's APIs."
  assume_role_policy = data.aws_iam_policy_document.trust_api_gateway.json

  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
}

# API Gateway checks that the role has the permissions of this policy, which AWS maintains.
resource "aws_iam_role_policy_attachment" "api_gateway_logging" {
  count = var.log_role_enabled ? 1 : 0

  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
  role       = aws_iam_role.api_gateway_logging[0].name
}

moved {
  from = aws_api_gateway_account.this
  to   = aws_api_gateway_account.this[0]
}

moved {
  from = aws_iam_role.api_gateway_logging
  to   = aws_iam_role.api_gateway_logging[0]
}

moved {
  from = aws_iam_role_policy_attachment.api_gateway_logging
  to   = aws_iam_role_policy_attachment.api_gateway_logging[0]
}

# AWS's page for this role has no condition either. Which condition keys API Gateway would send is not documented.
data "aws_iam_policy_document" "trust_api_gateway" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}
