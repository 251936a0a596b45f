"""Whether API Gateway may invoke a function, by the function's own policy (WS-77). Pure."""

from collections.abc import Callable

from selador_local.iam_policy.policies import AccessRequest, Document, Principal, Verdict, evaluate

MayInvoke = Callable[[str, str], bool]
"""`(function_arn, source_arn) -> allowed`. The source is a route, or an authorizer."""

_SERVICE = "apigateway.amazonaws.com"


def may_invoke(policy: Document, function_arn: str, source_arn: str) -> bool:
    """Return whether the policy lets API Gateway invoke the function on behalf of the source."""
    account_id = source_arn.split(":")[4]
    context = {"aws:sourcearn": source_arn, "aws:sourceaccount": account_id}
    principal = Principal(_SERVICE, account_id, service=_SERVICE)
    request = AccessRequest(principal, "lambda:InvokeFunction", function_arn, context)
    return evaluate([policy], request) is Verdict.ALLOWED
