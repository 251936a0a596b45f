# An account has one log role for all APIs in a Region (TF-13). If an environment owned it, destroying that environment
# would take it from all others.
resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.api_gateway_logging.arn

  depends_on = [aws_iam_role_policy_attachment.api_gateway_logging]
}

resource "aws_iam_role" "api_gateway_logging" {
  name               = "${var.project}-api-gateway-logging-${data.aws_region.current.id}"
  description        = "Lets API Gateway write the logs of this account's APIs."
  assume_role_policy = data.aws_iam_policy_document.trust_api_gateway.json
}

# API Gateway checks that the role has the permissions of this policy, which AWS maintains.
resource "aws_iam_role_policy_attachment" "api_gateway_logging" {
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
  role       = aws_iam_role.api_gateway_logging.name
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
