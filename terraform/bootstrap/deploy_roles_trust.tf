locals {
  _github_host = "token.actions.githubusercontent.com"
  _github_provider_arn = try(
    coalesce(var.github.oidc_provider_arn, one(aws_iam_openid_connect_provider.github[*].arn)), null
  )

  # GitHub signs a token for each job. Its subject says which repository the job is of, and what it runs for. A job of an
  # environment runs only after whoever guards that environment has approved it.
  _subjects = var.github == null ? {} : merge(
    {
      for role, of in local._roles : role => of.task == "deploy" ? ["environment:${of.environment}"] : [
        "pull_request", "ref:refs/heads/${var.github.branch}",
      ]
    },
    { publish = ["ref:refs/heads/${var.github.branch}", "ref:refs/tags/*"] },
  )
}

# An account has one provider for each issuer. If it has GitHub's already, github.oidc_provider_arn names it.
resource "aws_iam_openid_connect_provider" "github" {
  count = try(var.github.oidc_provider_arn == null, false) ? 1 : 0

  client_id_list = ["sts.amazonaws.com"]
  url            = "https://${local._github_host}"
}

data "aws_iam_policy_document" "trust_deployers" {
  for_each = toset(length(var.deploy_roles) > 0 ? concat(keys(local._roles), ["publish"]) : [])

  dynamic "statement" {
    for_each = var.github == null ? [] : [local._subjects[each.key]]

    content {
      sid     = "TrustJobs"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = [local._github_provider_arn]
      }

      condition {
        test     = "StringEquals"
        variable = "${local._github_host}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = "StringLike"
        variable = "${local._github_host}:sub"
        values   = [for subject in statement.value : "repo:${var.github.repository}:${subject}"]
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.trusted_arns) > 0 ? [var.trusted_arns] : []

    content {
      sid     = "TrustTheOrganization"
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }
}
