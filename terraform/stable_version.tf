# During a canary, an older version of the main function serves beside the newest. It may have been told another model,
# knowledge base or agent runtime. So the role may use what either version was told, and the older version itself says
# what that is.

data "aws_lambda_function" "stable" {
  count = var.main_function.canary == null ? 0 : 1

  function_name = local.main_name
  qualifier     = var.main_function.canary.stable_version

  lifecycle {
    postcondition {
      condition     = can(self.environment[0].variables.MODEL_ARN)
      error_message = "Lambda tells no variable MODEL_ARN of ${local.main_name}, version ${self.qualifier}, so its permissions are unknown. Whoever plans needs lambda:GetFunction and, with a key of its own, kms:Decrypt. A version that was made by hand can't serve beside ours."
    }
  }
}

locals {
  # What each version that serves was told, the newest first.
  served = concat(
    [{
      agent_runtime_arn = var.agent_runtime_arn
      guardrail_id      = try(var.generation.guardrail.id, null)
      knowledge_base_id = var.knowledge_base_id
      model_arns        = concat([var.model_arn], values(var.generation.models))
    }],
    [
      for told in data.aws_lambda_function.stable[*].environment[0].variables : {
        agent_runtime_arn = told.AGENT_RUNTIME_ARN == "" ? null : told.AGENT_RUNTIME_ARN
        guardrail_id      = try(jsondecode(told.GENERATION).guardrail.id, null)
        knowledge_base_id = told.KNOWLEDGE_BASE_ID
        model_arns        = concat([told.MODEL_ARN], values(jsondecode(told.GENERATION).models))
      }
    ],
  )
}
