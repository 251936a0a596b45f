# The knowledge base and the model are not this configuration's own, so the policies for using them stand here.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  _is_inference_profile = strcontains(var.model_arn, "inference-profile/")

  knowledge_base_arn = join(":", [
    "arn", data.aws_partition.current.partition, "bedrock", data.aws_region.current.name,
    data.aws_caller_identity.current.account_id, "knowledge-base/${var.knowledge_base_id}",
  ])

  # A profile runs the model in any of its destination Regions, and each model's own ARN needs the permission (BR-32).
  model_arns = local._is_inference_profile ? concat(
    [var.model_arn], data.aws_bedrock_inference_profile.this[0].models[*].model_arn
  ) : [var.model_arn]
}

data "aws_bedrock_inference_profile" "this" {
  count = local._is_inference_profile ? 1 : 0

  inference_profile_id = var.model_arn
}

data "aws_iam_policy_document" "ask_knowledge_base" {
  # RetrieveAndGenerateStream is authorized as RetrieveAndGenerate. The Service Authorization Reference, "Actions,
  # resources, and condition keys for Amazon Bedrock", lists no resource type for it, so no ARN is sure to match it
  # (BR-29). What it may read and run is narrowed by the two permissions that it needs besides: Retrieve, below, and
  # InvokeModel.
  statement {
    sid       = "GenerateFromWhatIsRetrieved"
    actions   = ["bedrock:RetrieveAndGenerate"]
    resources = ["*"]
  }

  statement {
    sid       = "RetrieveFromKnowledgeBase"
    actions   = ["bedrock:Retrieve"]
    resources = [local.knowledge_base_arn]
  }
}

data "aws_iam_policy_document" "invoke_model" {
  statement {
    sid       = "InvokeModel"
    actions   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"] # BR-30
    resources = local.model_arns
  }

  dynamic "statement" {
    for_each = local._is_inference_profile ? [var.model_arn] : []

    content {
      sid       = "ResolveInferenceProfile"
      actions   = ["bedrock:GetInferenceProfile"]
      resources = [statement.value]
    }
  }
}
