"""IAM: who makes a call and whether it is allowed, by the users, roles and policies that moto keeps.

moto's own enforcement is off. It ignores conditions, fails with a 500 if a role trusts only a service, and answers JSON
clients with the code `403`. This module judges each call once, before moto sees it.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.credentials import Credentials
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends
from moto.sts.models import sts_backends

from selador_local.control_plane.front_door.actions_and_resources import PresentRole
from selador_local.control_plane.front_door.observed_calls import ObservedCalls
from selador_local.control_plane.front_door.permissions import Permission
from selador_local.control_plane.front_door.refusals import CallRefusedError, Protocol
from selador_local.iam_policy.policies import (
    AccessRequest,
    Document,
    Principal,
    Verdict,
    combine,
    evaluate,
)

ADMINISTRATOR = "selador-local-administrator"
# The longest that STS lends a role. Lambda renews earlier, by replacing the execution environment.
ROLE_CREDENTIALS_SECONDS = 43_200
_ALLOW_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


@dataclass(frozen=True)
class CallerIdentity:
    """A known access key with its secret and its owner: moto's user or role, None once that is deleted."""

    principal: Principal
    credentials: Credentials
    owner: Any


class Iam:
    """One account's IAM in one region."""

    def __init__(self, account_id: str, region: str) -> None:
        self._account_id = account_id
        self.region = region
        self._users_and_roles = iam_backends[account_id]["aws"]
        self._sessions = sts_backends[account_id]["aws"]
        self.observed = ObservedCalls()

    def administrator(self) -> Credentials:
        """Return the access key of a user that may do everything. A restored control plane has that user already."""
        known = self._users_and_roles.users.get(ADMINISTRATOR)
        if known is not None:
            return Credentials(known.access_keys[0].access_key_id, known.access_keys[0].secret_access_key)
        self._users_and_roles.create_user(self.region, ADMINISTRATOR)
        self._users_and_roles.put_user_policy(ADMINISTRATOR, "everything", json.dumps(_ALLOW_ALL))
        key = self._users_and_roles.create_access_key(ADMINISTRATOR)
        key.secret_access_key = secrets.token_urlsafe(30)  # moto's own is not random enough for a secret
        return Credentials(key.access_key_id, key.secret_access_key)

    def find(self, access_key_id: str, session_token: str | None) -> CallerIdentity:
        """Return the owner of a key. Raises CallRefusedError for an unknown, inactive or expired key."""
        for user in list(self._users_and_roles.users.values()):
            for key in user.access_keys:
                if key.access_key_id == access_key_id and key.status == "Active" and session_token is None:
                    credentials = Credentials(access_key_id, key.secret_access_key)
                    return CallerIdentity(Principal(user.arn, self._account_id), credentials, user)
        session = self._sessions.get_assumed_role_from_access_key(access_key_id)
        if session is None or session.session_token != session_token:
            raise CallRefusedError(
                "InvalidClientTokenId",
                f"the access key {access_key_id} is unknown here, or its session token is wrong; "
                "use the keys that the local control plane printed when it started",
                codes={
                    Protocol.JSON: "UnrecognizedClientException",
                    Protocol.REST_JSON: "UnrecognizedClientException",
                    Protocol.REST_XML: "InvalidAccessKeyId",
                },
            )
        if session.expiration.replace(tzinfo=UTC) < datetime.now(UTC):
            raise CallRefusedError(
                "ExpiredToken",
                "the role's session has expired",
                codes={Protocol.JSON: "ExpiredTokenException", Protocol.REST_JSON: "ExpiredTokenException"},
            )
        return self._role_session(session)

    def principal_of(self, access_key_id: str) -> CallerIdentity:
        """Return the owner of a key whose signature is checked elsewhere or not at all. Raises CallRefusedError."""
        session = self._sessions.get_assumed_role_from_access_key(access_key_id)
        return self.find(access_key_id, session.session_token if session else None)

    def role_allows(self, role_arn: str, action: str, resource: str) -> bool:
        """Return whether a session of the role, whoever assumes it, may do the action."""
        principal = Principal(role_arn, self._account_id, role_arn=role_arn)
        return self._judge(self._role(role_arn), AccessRequest(principal, action, resource, self._context(principal)))

    def allows(self, caller: CallerIdentity, permission: Permission, *, secure: bool = True) -> bool:
        """Return whether the caller's policies, with the resource's own, allow it; note it if a role does it.

        `secure` says whether the call came by TLS.
        """
        context = {**self._context(caller.principal, secure=secure), **permission.context}
        request = AccessRequest(caller.principal, permission.action, permission.resource, context)
        allowed = self._judge(caller.owner, request)
        if allowed and caller.principal.role_arn is not None:
            self.observed.note(caller.principal.role_arn, permission)
        return allowed

    def role(self, name: str) -> PresentRole | None:
        """Return a role by its name; None if there is none."""
        for role in list(self._users_and_roles.roles.values()):
            if role.name == name:
                return PresentRole(role.arn, role.permissions_boundary_arn or None)
        return None

    def _judge(self, owner: Any, request: AccessRequest) -> bool:
        identity = evaluate(_identity_policies(owner), request)
        boundary = getattr(owner, "permissions_boundary_arn", None)
        if boundary and evaluate(self._managed_policy(boundary), request) is not Verdict.ALLOWED:
            return False
        if request.action == "sts:AssumeRole":
            # Stricter than AWS in one case: a role that names a caller directly needs the caller's own policy as well.
            return identity is Verdict.ALLOWED and self._trusts(request.resource, request)
        return combine(identity, evaluate(self._resource_policies(request.resource), request))

    def authorize(self, caller: CallerIdentity, permission: Permission, *, secure: bool) -> None:
        """Raise CallRefusedError unless it is allowed. As on AWS, `sts:GetCallerIdentity` always is."""
        if permission.action == "sts:GetCallerIdentity" or self.allows(caller, permission, secure=secure):
            return
        raise CallRefusedError(
            "AccessDeniedException",
            f"User: {caller.principal.arn} is not authorized to perform: {permission.action} "
            f"on resource: {permission.resource}",
            codes={Protocol.QUERY: "AccessDenied", Protocol.REST_XML: "AccessDenied"},
        )

    def lend_role(self, role_arn: str, service: str, source_arn: str | None) -> dict[str, str]:
        """Return temporary credentials of a role for an AWS service, as Lambda gets those of a function's role.

        Raises CallRefusedError if the role doesn't exist or its trust policy doesn't allow the service.
        """
        principal = Principal(arn=service, account_id=self._account_id, service=service)
        context = {**self._context(principal), "aws:sourceaccount": self._account_id}
        if source_arn is not None:
            context["aws:sourcearn"] = source_arn
        if not self._trusts(role_arn, AccessRequest(principal, "sts:AssumeRole", role_arn, context)):
            raise CallRefusedError(
                "AccessDeniedException",
                f"{service} can't assume {role_arn}: the role does not exist, "
                "or its trust policy does not allow the service sts:AssumeRole",
            )
        session = self._sessions.assume_role(
            region_name=self.region,
            role_session_name=service.partition(".")[0],
            role_arn=role_arn,
            policy=None,
            duration=ROLE_CREDENTIALS_SECONDS,
            external_id=None,
        )
        session.secret_access_key = session.access_key.secret_access_key = secrets.token_urlsafe(30)
        return {
            "accessKeyId": session.access_key_id,
            "secretAccessKey": session.secret_access_key,
            "sessionToken": session.session_token,
            "expiration": session.expiration.replace(microsecond=0, tzinfo=UTC).isoformat().replace("+00:00", "Z"),
        }

    def _role_session(self, session: Any) -> CallerIdentity:
        credentials = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
        principal = Principal(session.arn, self._account_id, role_arn=session.role_arn)
        return CallerIdentity(principal, credentials, self._role(session.role_arn))

    def _role(self, role_arn: str) -> Any:
        try:
            return self._users_and_roles.get_role_by_arn(role_arn)
        except NotFoundException:
            return None

    def _managed_policy(self, arn: str) -> Iterator[Document]:
        """Yield the policy; nothing if there is none, which then allows nothing."""
        policy = self._users_and_roles.managed_policies.get(arn)
        if policy is not None:
            yield _default_version(policy)

    def _trusts(self, role_arn: str, request: AccessRequest) -> bool:
        role = self._role(role_arn)
        return role is not None and evaluate([json.loads(role.assume_role_policy_document)], request) is Verdict.ALLOWED

    def _context(self, principal: Principal, *, secure: bool = True) -> Mapping[str, str]:
        return {
            "aws:securetransport": str(secure).lower(),
            "aws:principalaccount": self._account_id,
            "aws:principalarn": principal.role_arn or principal.arn,
            "aws:requestedregion": self.region,
        }

    def _resource_policies(self, resource: str) -> Iterator[Document]:
        """Yield the policy of a queue or a bucket; other resources' own policies are not evaluated."""
        if resource.startswith("arn:aws:sqs:"):
            name = resource.rpartition(":")[2]
            queue = sqs_backends[self._account_id][self.region].queues.get(name)
            if queue is not None and queue.policy:
                yield json.loads(queue.policy)
        elif resource.startswith("arn:aws:s3:::"):
            name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
            bucket = s3_backends[self._account_id]["aws"].buckets.get(name)
            if bucket is not None and bucket.policy:
                yield json.loads(bucket.policy)


def _identity_policies(owner: Any) -> Iterator[Document]:
    if owner is None:
        return
    for document in list(owner.policies.values()):
        yield json.loads(document)
    for policy in list(owner.managed_policies.values()):
        yield _default_version(policy)


def _default_version(policy: Any) -> Document:
    document: Document = json.loads(next(version.document for version in policy.versions if version.is_default))
    return document
