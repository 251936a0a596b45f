"""IAM's decision: do these policies let this principal do this action on this resource? Pure.

An explicit deny wins over every allow. A request that nothing allows is refused. Session policies, service
control policies and policy variables (`${aws:username}`) are not evaluated: a pattern with a variable matches nothing,
so a statement that needs one grants nothing here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from selador_local.iam_policy import conditions
from selador_local.iam_policy.conditions import as_list
from selador_local.iam_policy.wildcards import matches

type Document = Mapping[str, Any]


@dataclass(frozen=True)
class Principal:
    """Who asks: a user, a role's session (`arn` of the session, `role_arn` of its role), or a service by its name."""

    arn: str
    account_id: str
    role_arn: str | None = None
    service: str | None = None


@dataclass(frozen=True)
class AccessRequest:
    """One question to IAM. `context` holds condition keys in lower case, such as `aws:securetransport`."""

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


class Verdict(Enum):
    """The result of a set of policies; after `SILENT` another kind of policy may still allow the request."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SILENT = "silent"


def evaluate(documents: Iterable[Document], request: AccessRequest) -> Verdict:
    """Return the verdict of all policies of one kind: identity-based, or the resource's own."""
    verdict = Verdict.SILENT
    for document in documents:
        for statement in as_list(document.get("Statement", [])):
            if not _applies(statement, request):
                continue
            if statement["Effect"] == "Deny":
                return Verdict.DENIED
            verdict = Verdict.ALLOWED
    return verdict


def combine(identity: Verdict, resource: Verdict) -> bool:
    """Return whether both kinds together allow: within one account either may grant, and either may deny."""
    return Verdict.DENIED not in (identity, resource) and Verdict.ALLOWED in (identity, resource)


def _applies(statement: Document, request: AccessRequest) -> bool:
    return (
        _selects(statement, "Action", "NotAction", request.action, ignore_case=True)
        and _selects(statement, "Resource", "NotResource", request.resource, ignore_case=False)
        and _names_principal(statement, request.principal)
        and conditions.hold(
            statement.get("Condition", {}),
            request.context,
            if_not_evaluated=statement["Effect"] == "Deny",  # doubt grants nothing
        )
    )


def _selects(statement: Document, element: str, negated: str, value: str, *, ignore_case: bool) -> bool:
    def any_matches(patterns: list[str]) -> bool:
        if ignore_case:
            return any(matches(pattern.lower(), value.lower()) for pattern in patterns)
        return any(matches(pattern, value) for pattern in patterns)

    if negated in statement:
        return not any_matches(as_list(statement[negated]))
    if element in statement:
        return any_matches(as_list(statement[element]))
    return element == "Resource"  # a trust policy has no Resource: it is about the role it belongs to


def _names_principal(statement: Document, principal: Principal) -> bool:
    if "NotPrincipal" in statement:
        return not _matches_principal(statement["NotPrincipal"], principal)
    if "Principal" in statement:
        return _matches_principal(statement["Principal"], principal)
    return True  # identity-based: it belongs to the one who asks


def _matches_principal(named: Any, principal: Principal) -> bool:
    if named == "*":
        return True
    if principal.service is not None:
        return principal.service in as_list(named.get("Service", []))
    own = {principal.arn, principal.role_arn, principal.account_id, f"arn:aws:iam::{principal.account_id}:root", "*"}
    return any(one in own for one in as_list(named.get("AWS", [])))
