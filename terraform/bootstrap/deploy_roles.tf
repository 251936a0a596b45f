# Roles for people and pipelines, if deploy_roles asks for them: for each environment one that plans it and one that deploys
# it, and one that publishes artifacts for all of them. What they may do stands in policies/, which make policies writes.
locals {
  _account   = data.aws_caller_identity.current.account_id
  _partition = data.aws_partition.current.partition
  _region    = data.aws_region.current.id

  _placeholders = {
    account   = local._account
    partition = local._partition
    project   = var.project
    region    = local._region
    role_path = var.role_path

    # If the organization demands a boundary, no role is made without it.
    boundary_operator    = var.permissions_boundary == null ? "StringLikeIfExists" : "StringEquals"
    permissions_boundary = var.permissions_boundary == null ? "*" : var.permissions_boundary
  }
  _environments = {
    for name, given in var.deploy_roles : name => merge(local._placeholders, {
      environment       = name
      kms_key_arn       = coalesce(given.kms_key_arn, "arn:${local._partition}:kms:${local._region}:${local._account}:key/none")
      main              = coalesce(given.names.main, "${var.project}-${name}-main")
      queue             = coalesce(given.names.queue, "${var.project}-${name}-requests")
      stage             = coalesce(given.names.stage, name)
      websocket_handler = coalesce(given.names.websocket_handler, "${var.project}-${name}-websocket-handler")
    })
  }

  _roles = {
    for role in setproduct(keys(var.deploy_roles), ["deploy", "plan"]) :
    "${role[0]}-${role[1]}" => { environment = role[0], task = role[1] }
  }
  _policies = {
    for policy in setproduct(keys(var.deploy_roles), fileset("${path.module}/policies", "{deploy,plan}-*.json")) :
    "${policy[0]}-${trimsuffix(policy[1], ".json")}" => { environment = policy[0], file = policy[1] }
  }
  # Whoever deploys also plans.
  _attachments = merge([
    for role, of in local._roles : {
      for policy, what in local._policies : "${role} ${policy}" => { policy = policy, role = role }
      if what.environment == of.environment && (of.task == "deploy" || startswith(what.file, "plan-"))
    }
  ]...)
}

resource "aws_iam_role" "deploy" {
  for_each = local._roles

  name                 = "${var.project}-${each.key}-${local._region}"
  description          = "Whoever takes it may ${each.value.task} ${var.project} in ${each.value.environment}."
  assume_role_policy   = data.aws_iam_policy_document.trust_deployers[each.key].json
  path                 = var.role_path
  permissions_boundary = var.deploy_roles_boundary
}

resource "aws_iam_policy" "deploy" {
  for_each = local._policies

  name        = "${var.project}-${each.key}-${local._region}"
  description = "A part of what it takes to plan and to deploy ${var.project} in ${each.value.environment}."

  # Decoded and encoded once more, it has no spaces. A policy has 6,144 characters at most.
  policy = jsonencode(jsondecode(templatefile("${path.module}/policies/${each.value.file}", local._environments[each.value.environment])))
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = local._attachments

  policy_arn = aws_iam_policy.deploy[each.value.policy].arn
  role       = aws_iam_role.deploy[each.value.role].name
}

resource "aws_iam_role" "publish" {
  count = length(var.deploy_roles) > 0 ? 1 : 0

  name                 = "${var.project}-publish-${local._region}"
  description          = "Whoever takes it may publish artifacts of ${var.project}."
  assume_role_policy   = data.aws_iam_policy_document.trust_deployers["publish"].json
  path                 = var.role_path
  permissions_boundary = var.deploy_roles_boundary
}

resource "aws_iam_role_policy" "publish" {
  count = length(aws_iam_role.publish)

  name   = "publish-artifacts"
  policy = templatefile("${path.module}/policies/publish.json", local._placeholders)
  role   = aws_iam_role.publish[0].name
}
