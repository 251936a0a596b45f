"""What recorded names and ids stand for: `selador-local-main` for `${main}`, an API's id for `*`. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

# In this order: the longer name before the one that it begins with.
_KNOWN = (
    ("role/answers/", "role${role_path}"),
    ("selador-local-websocket-handler", "${websocket_handler}"),
    ("selador-local-requests", "${queue}"),
    ("selador-local-main", "${main}"),
    ("selador-local", "${project}-${environment}"),
    ("selador-terraform-state-", "${project}-terraform-state-"),
    ("selador-artifacts-", "${project}-artifacts-"),
    ("/env:/local/", "/env:/${environment}/"),
    ("123456789012", "${account}"),
    ("us-east-1", "${region}"),
    ("arn:aws:", "arn:${partition}:"),
)
_ANY = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?<=::/apis/)[a-z0-9]+", "*"),
        (r"(?<=::/tags/).+", "*"),
        (r"(?<=::/domainnames/)[^/]+", "*"),
        (r"(/apis/\*/(?:authorizers|deployments|integrations|routes)/)[^/]+", r"\1*"),
        (r"(/routeresponses/)[^/]+", r"\1*"),
        (r"(/apimappings/)[^/]+", r"\1*"),
        (r"(/apis/\*/stages)/local", r"\1/${stage}"),
        (r"(/aws/apigateway/)[a-z0-9]{10}/local", r"\1*/${stage}"),
        (r"(:key/).+", r"\1*"),
        (r"(:event-source-mapping:).+", r"\1*"),
        (r"(:function:[^:]+):\d+$", r"\1:*"),
        (r"(:function:[^:]+):live$", r"\1:*"),
        (r"(:alarm:selador-local-).+", r"\1*"),
        (r"(-artifacts-[^/]+/(?:artifacts|manifests)/).+", r"\1*"),
        (r":log-stream:$", ":*"),
    )
)


def generalized(calls: Iterable[Mapping[str, Any]], organizations_key: str) -> list[dict[str, Any]]:
    """Return each call once, its resource and the values of its context with placeholders, in order.

    What was asked about others' keys is left out: they have no tags of the environment's, and may well refuse.
    """
    found = set()
    for call in calls:
        resource = _general(call["resource"], organizations_key)
        context = _context(call["context"], organizations_key)
        if ":key/" not in resource or context:
            found.add((call["action"], resource, tuple(sorted(context.items()))))
    return [
        {"action": action, "resource": resource, **({"context": dict(context)} if context else {})}
        for action, resource, context in sorted(found)
    ]


def _context(context: Mapping[str, str], organizations_key: str) -> dict[str, str]:
    known = {"project": "${project}", "environment": "${environment}"}
    found: dict[str, str] = {}
    for key, value in context.items():
        kind, _, name = key.partition("/")
        if kind in {"aws:requesttag", "aws:resourcetag"}:
            found |= {key: known[name]} if name in known else {}
        elif key == "iam:permissionsboundary":
            found[key] = "${permissions_boundary}"
        elif key == "lambda:functionarn":
            found[key] = _general(value, organizations_key).removesuffix(":*")  # the policies add its alias
        else:
            found[key] = _general(value, organizations_key)
    return found


def _general(text: str, organizations_key: str) -> str:
    text = text.replace(organizations_key, "${kms_key_arn}")
    for pattern, replacement in _ANY:
        text = pattern.sub(replacement, text)
    for known, placeholder in _KNOWN:
        text = text.replace(known, placeholder)
    return text
