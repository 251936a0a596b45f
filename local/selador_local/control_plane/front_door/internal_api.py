"""The stack's own questions to the control plane, under `/_selador/`.

`POST /_selador/role-credentials`, `authorize`, `authenticate`, `changes`, `disorder` and `metrics` are for the data
plane, `queues` for whoever looks at the stack, `snapshot` for whoever started it, `observed-calls` for tests. The
bearer token is the administrator's secret. `GET /_selador/code/<token>` is the URL in GetFunction's `Code.Location`.
Like a presigned URL on AWS, it needs no other credentials.
"""

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from selador_local.cloudwatch.datum import Datum
from selador_local.cloudwatch.metric_store import MetricStore
from selador_local.control_plane.front_door import signature
from selador_local.control_plane.front_door.changes import Changes
from selador_local.control_plane.front_door.code_locations import CodeLocations
from selador_local.control_plane.front_door.iam import Iam
from selador_local.control_plane.front_door.permissions import Permission
from selador_local.control_plane.front_door.refusals import CallRefusedError, HttpResponse, Protocol
from selador_local.control_plane.front_door.signature import HttpRequest
from selador_local.control_plane.moto_overlay.sqs.overview import queues
from selador_local.control_plane.snapshot import Snapshot

PREFIX = "/_selador/"


class InternalApi:
    """Answers requests under PREFIX."""

    def __init__(
        self,
        iam: Iam,
        code_locations: CodeLocations,
        secret: str,
        *,
        disturb_queues: Callable[[str | None], None],
        metrics: MetricStore,
        changes: Changes,
        snapshot: Snapshot | None,
    ) -> None:
        self._metrics = metrics
        self._iam = iam
        self._disturb_queues = disturb_queues
        self._changes = changes
        self._snapshot = snapshot
        self._code_locations = code_locations
        self._bearer = f"Bearer {secret}".encode()

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request. Raises CallRefusedError."""
        question = urlsplit(request.url).path.removeprefix(PREFIX)
        if request.method == "GET" and question.startswith("code/"):
            code = self._code_locations.find(question.removeprefix("code/"))
            if code is None:
                raise CallRefusedError("NotFound", "no code is at this location", status=404)
            return HttpResponse(200, code, {"Content-Type": "application/zip"})
        answers = {
            "authenticate": self._authenticate,
            "authorize": self._authorize,
            "changes": self._count_changes,
            "disorder": self._disorder,
            "metrics": self._put_metrics,
            "observed-calls": self._observed_calls,
            "queues": lambda _: {"queues": queues()},
            "role-credentials": self._lend_role,
            "snapshot": self._write_snapshot,
        }
        if request.method != "POST" or question not in answers:
            raise CallRefusedError("NotFound", f"{request.method} {PREFIX}{question} does not exist", status=404)
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), self._bearer):
            raise CallRefusedError("AccessDenied", "the bearer token is not the administrator's secret access key")
        answer = answers[question](_object(request.body))
        return HttpResponse(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _lend_role(self, facts: dict[str, Any]) -> dict[str, str]:
        """Answer `{"roleArn", "service", "sourceArn"?}` with temporary credentials."""
        return self._iam.lend_role(_text(facts, "roleArn"), _text(facts, "service"), facts.get("sourceArn"))

    def _put_metrics(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Take `{"data": [[namespace, name, dimensions, time, unit, values, counts], …]}`, answer an empty object.

        PutMetricData takes none of AWS's own namespaces.
        """
        try:
            self._metrics.put([_datum(members) for members in facts["data"]])
        except (KeyError, TypeError, ValueError) as error:
            raise CallRefusedError("InvalidRequest", f"the data can't be read: {error!r}", status=400) from None
        return {}

    def _authorize(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Answer `{"accessKeyId", "action", "resource"}` with `{"allowed", "principalArn"}`: false, null if unknown."""
        key, action, resource = (_text(facts, name) for name in ("accessKeyId", "action", "resource"))
        try:
            caller = self._iam.principal_of(key)
        except CallRefusedError:
            return {"allowed": False, "principalArn": None}
        return {
            "allowed": self._iam.allows(caller, Permission(action, resource)),
            "principalArn": caller.principal.arn,
        }

    def _disorder(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Deliver the queues' messages late, out of order and twice by `{"seed"}`, a string; as they come with null."""
        self._disturb_queues(None if facts.get("seed") is None else _text(facts, "seed"))
        return {}

    def _observed_calls(self, _facts: dict[str, Any]) -> dict[str, Any]:
        """Answer with `{"calls"}`, what roles were allowed to do so far."""
        return {"calls": self._iam.observed.as_list()}

    def _authenticate(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Answer a handshake's `{"method", "url", "headers"}` with `{"accessKeyId"}` of its signer.

        If nobody is known to have signed it, that is null, and `code` and `message` say why.
        """
        headers = facts.get("headers")
        if not isinstance(headers, dict):
            raise CallRefusedError("InvalidRequest", "the member headers is not an object", status=400)
        try:
            request, signed = signature.parse_anywhere(
                HttpRequest(_text(facts, "method"), _text(facts, "url"), headers, b"")
            )
            signature.require_scope(signed, service="execute-api", region=self._iam.region)
            caller = self._iam.find(signed.access_key_id, request.headers.get("x-amz-security-token"))
            signature.verify(request, signed, caller.credentials, datetime.now(UTC))
        except CallRefusedError as refused:
            code = refused.codes.get(Protocol.REST_JSON, refused.code)
            return {"accessKeyId": None, "code": code, "message": refused.message}
        return {"accessKeyId": signed.access_key_id}

    def _count_changes(self, _facts: dict[str, Any]) -> dict[str, Any]:
        """Answer any object with `{"count"}`: it has risen if there may be something else to run."""
        return {"count": self._changes.count}

    def _write_snapshot(self, _facts: dict[str, Any]) -> dict[str, Any]:
        """Answer any object with `{}` once what the control plane holds is in its file."""
        if self._snapshot is None:
            raise CallRefusedError("InvalidRequest", "the control plane was started without --snapshot", status=400)
        self._snapshot.write()
        return {}


def _datum(members: list[Any]) -> Datum:
    namespace, name, dimensions, time, unit, values, counts = members
    pairs = tuple((key, value) for key, value in dimensions)
    return Datum(namespace, name, pairs, time, unit, tuple(values), tuple(counts))


def _object(body: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(body)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise CallRefusedError("InvalidRequest", "the body is not a JSON object", status=400)
    return facts


def _text(facts: dict[str, Any], name: str) -> str:
    value = facts.get(name)
    if not isinstance(value, str) or not value:
        raise CallRefusedError("InvalidRequest", f"the member {name} is {value!r}; it must be a string", status=400)
    return value
