# No module owns the knowledge base and the models, so the policies to use them stand here.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # The default model, and those that a workflow's step may use, of each version that serves.
  _models             = toset(flatten(local.served[*].model_arns))
  _inference_profiles = toset([for arn in local._models : arn if strcontains(arn, "inference-profile/")])
  _prompt_routers     = toset([for arn in local._models : arn if strcontains(arn, "prompt-router/")])

  _bedrock_arn = join(":", [
    "arn", data.aws_partition.current.partition, "bedrock", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id,
  ])
  knowledge_base_arns = distinct([for id in local.served[*].knowledge_base_id : "${local._bedrock_arn}:knowledge-base/${id}"])

  _agent_runtime_arns = distinct([for version in local.served : version.agent_runtime_arn if version.agent_runtime_arn != null])
  _guardrail_ids      = distinct([for version in local.served : version.guardrail_id if version.guardrail_id != null])

  # An inference profile runs its model in any of its destination Regions. The caller needs the permission on the
  # profile's ARN and on the model's ARN in each of these Regions (BR-32).
  model_arns = distinct(flatten([
    for arn in local._models : concat([arn], try(data.aws_bedrock_inference_profile.this[arn].models[*].model_arn, []))
  ]))
}

data "aws_bedrock_inference_profile" "this" {
  for_each = local._inference_profiles

  inference_profile_id = each.key
}

data "aws_iam_policy_document" "ask_knowledge_base" {
  # AWS authorizes RetrieveAndGenerateStream as RetrieveAndGenerate (BR-29). The Service Authorization Reference,
  # "Actions, resources, and condition keys for Amazon Bedrock", lists no resource type for it, nor for
  # AgenticRetrieveStream, which asks managed knowledge bases. So no ARN is sure to match either. Two other permissions,
  # which both also need, limit what they may read and run: Retrieve and InvokeModel.
  statement {
    sid       = "GenerateFromWhatIsRetrieved"
    actions   = [var.knowledge_base_type == "MANAGED" ? "bedrock:AgenticRetrieveStream" : "bedrock:RetrieveAndGenerate"]
    resources = ["*"]
  }

  statement {
    sid       = "RetrieveFromKnowledgeBase"
    actions   = ["bedrock:Retrieve"]
    resources = local.knowledge_base_arns
  }
}

data "aws_iam_policy_document" "invoke_model" {
  statement {
    # RetrieveAndGenerateStream runs the model with its caller's permissions (BR-30).
    sid       = "InvokeModel"
    actions   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    resources = local.model_arns
  }

  dynamic "statement" {
    for_each = length(local._inference_profiles) > 0 ? [local._inference_profiles] : []

    content {
      sid       = "ResolveInferenceProfile"
      actions   = ["bedrock:GetInferenceProfile"]
      resources = statement.value
    }
  }

  # A prompt router calls one of its models in the caller's name. No data source tells which models those are, so the
  # condition limits the permission to calls through the router.
  dynamic "statement" {
    for_each = length(local._prompt_routers) > 0 ? [local._prompt_routers] : []

    content {
      sid     = "InvokeModelsOfPromptRouter"
      actions = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
      resources = [
        "arn:${data.aws_partition.current.partition}:bedrock:*::foundation-model/*",
        "arn:${data.aws_partition.current.partition}:bedrock:*:${data.aws_caller_identity.current.account_id}:inference-profile/*",
      ]

      condition {
        test     = "ArnEquals"
        variable = "bedrock:PromptRouterArn"
        values   = statement.value
      }
    }
  }

  dynamic "statement" {
    for_each = length(local._prompt_routers) > 0 ? [local._prompt_routers] : []

    content {
      sid       = "ResolvePromptRouter"
      actions   = ["bedrock:GetPromptRouter"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local._guardrail_ids) > 0 ? [local._guardrail_ids] : []

    content {
      # A caller that names a guardrail needs the permission to apply it (BR-33).
      sid       = "ApplyGuardrail"
      actions   = ["bedrock:ApplyGuardrail"]
      resources = [for id in statement.value : "${local._bedrock_arn}:guardrail/${id}"]
    }
  }
}

data "aws_iam_policy_document" "invoke_agent_runtime" {
  count = length(local._agent_runtime_arns) > 0 ? 1 : 0

  statement {
    sid = "InvokeAgentRuntime"
    # The second action is needed to tell the runtime which user asks.
    actions   = ["bedrock-agentcore:InvokeAgentRuntime", "bedrock-agentcore:InvokeAgentRuntimeForUser"]
    resources = flatten([for arn in local._agent_runtime_arns : [arn, "${arn}/runtime-endpoint/*"]])
  }
}
