"""Corrections of moto's Lambda control plane. Functions run in the data plane, never here.

- A mapping on an alias keeps the alias (ESM-30).
- `LoggingConfig`, `DeadLetterConfig`, `KMSKeyArn` and `SnapStart` are kept.
- GetFunction's `Code.Location` can be fetched.
- Publishing makes a version only if code, by its hash (LAM-48), or configuration changed since the last one.
"""

import json
from collections import defaultdict
from typing import Any, Never

from moto.awslambda import urls
from moto.awslambda.exceptions import ConflictException
from moto.awslambda.models import LambdaBackend as MotoBackend
from moto.awslambda.models import LambdaFunction as MotoFunction
from moto.awslambda.responses import LambdaResponse as MotoResponse

from selador_local.control_plane.front_door.code_locations import CodeLocations
from selador_local.control_plane.front_door.refusals import unsupported
from selador_local.control_plane.moto_overlay.function_policies import FunctionPolicies, split
from selador_local.control_plane.moto_overlay.invocations import DataPlaneInvocations

# The path that moto's URL map lacks.
ACCOUNT_SETTINGS = "{0}/2016-08-19/account-settings/?$"
_ACCOUNT_LIMITS = {
    "CodeSizeUnzipped": 262_144_000,
    "CodeSizeZipped": 52_428_800,
    "TotalCodeSize": 80_530_636_800,
}

# A version differs from its function in these without anything having changed.
_OF_THE_VERSION = frozenset({"FunctionArn", "LastModified", "LastUpdateStatus", "Version"})


class LambdaFunction(MotoFunction):  # type: ignore[misc] # moto is untyped
    """Gaps: moto drops settings when a function is created or updated, and would run its code in Docker."""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        super().__init__(account_id, spec, region, version)
        self.dead_letter_config = spec.get("DeadLetterConfig")
        self.apply_snapshots_on = spec.get("SnapStart", {}).get("ApplyOn", "None")
        self.logging_config = {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{self.function_name}",
            **spec.get("LoggingConfig", {}),
        }

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        configuration: dict[str, Any] = {**super().get_configuration(on_create), "LoggingConfig": self.logging_config}
        configuration["SnapStart"] = {
            "ApplyOn": self.apply_snapshots_on,
            "OptimizationStatus": "Off" if self.apply_snapshots_on == "None" or self.version == "$LATEST" else "On",
        }
        if self.dead_letter_config:
            configuration["DeadLetterConfig"] = self.dead_letter_config
        return configuration

    def update_configuration(self, config_updates: dict[str, Any]) -> Any:
        self.dead_letter_config = config_updates.get("DeadLetterConfig", self.dead_letter_config)
        if "KMSKeyArn" in config_updates:
            self.kms_key_arn = config_updates["KMSKeyArn"]
        self.apply_snapshots_on = config_updates.get("SnapStart", {}).get("ApplyOn", self.apply_snapshots_on)
        self.logging_config = {**self.logging_config, **config_updates.get("LoggingConfig", {})}
        if "TracingConfig" in config_updates:
            self.tracing_config = config_updates["TracingConfig"]
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        return super().update_configuration(config_updates)

    def update_function_code(self, updated_spec: dict[str, Any]) -> Any:
        if "Architectures" in updated_spec:
            self.architectures = updated_spec["Architectures"]
        return super().update_function_code(updated_spec)

    def _invoke_lambda(self, event: Any = None) -> Never:  # noqa: ARG002 # moto's signature
        raise unsupported(f"invocations ({self.function_name}); the data plane runs functions")


class LambdaBackend(MotoBackend):  # type: ignore[misc] # moto is untyped
    """Gaps: mappings on an alias, and an alias's own policy; the account's settings; idempotent publishing."""

    _url_module = urls
    account_concurrency = 1_000  # an account has 1,000 by default (LAM-41)

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._lambdas._aliases = defaultdict(dict)  # moto's makes its values by a lambda, which pickle can't write
        self._policies = FunctionPolicies()
        self._newest_versions: dict[str, int] = {}

    def create_event_source_mapping(self, spec: dict[str, Any]) -> Any:
        name, source_arn = spec["FunctionName"], spec["EventSourceArn"]
        function_arn = self._qualified_arn(name)
        if any(
            (mapping.function_arn, mapping.event_source_arn) == (function_arn, source_arn)
            for mapping in self.list_event_source_mappings("", "")
        ):
            raise ConflictException(f"{function_arn} already has an event source mapping for {source_arn}")
        mapping = super().create_event_source_mapping(spec)
        mapping.function_arn = function_arn
        return mapping

    def update_event_source_mapping(self, uuid: str, spec: dict[str, Any]) -> Any:
        mapping = self.get_event_source_mapping(uuid)
        if mapping is None:
            return None
        name = spec.get("FunctionName", mapping.function_arn)
        mapping = super().update_event_source_mapping(uuid, spec)
        mapping.function_arn = self._qualified_arn(name)
        return mapping

    def publish_version(self, function_name: str, description: str = "") -> Any:
        function = self.get_function(function_name, None)
        versions = [one for one in self.list_versions_by_function(function.function_name) if one.version != "$LATEST"]
        function.code_or_config_updated = not versions or _content(function) != _content(versions[-1])
        published = super().publish_version(function_name, description)
        if published not in versions:
            # moto counts the versions that there are, and would give a deleted one's number again.
            newest = self._newest_versions.get(function.function_name, 0) + 1
            self._newest_versions[function.function_name] = newest
            published.set_version(newest)
            self._lambdas._arns[published.function_arn] = published
        return published

    def update_function_code(self, function_name: str, qualifier: str, body: dict[str, Any]) -> dict[str, Any]:
        function = self.get_function(function_name, qualifier)
        function.update_function_code(body)
        if body.get("Publish"):
            function = self.publish_version(function_name)
        configuration: dict[str, Any] = function.get_configuration()
        return configuration

    def add_permission(self, function_name: str, qualifier: str | None, raw: str) -> dict[str, Any]:
        policy, qualifier = self._policy(function_name, qualifier)
        statement: dict[str, Any] = policy.add_statement(raw, qualifier)[0]
        return statement

    def get_policy(self, function_name: str, qualifier: str | None = None) -> str:
        text: str = self._policy(function_name, qualifier)[0].wire_format()
        return text

    def remove_permission(self, function_name: str, sid: str, revision: str = "", qualifier: str | None = None) -> None:
        self._policy(function_name, qualifier)[0].del_statement(sid, revision)

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        super().delete_function(function_name, qualifier)
        self._policies.forget(split(function_name, None)[0], qualifier)
        if qualifier is None:
            self._newest_versions.pop(split(function_name, None)[0], None)

    def delete_alias(self, name: str, function_name: str) -> None:
        super().delete_alias(name, function_name)
        self._policies.forget(split(function_name, None)[0], name)

    def _policy(self, function_name: str, qualifier: str | None) -> tuple[Any, str]:
        """Return the policy of an existing function, version or alias, and the qualifier, which may be in the name."""
        name, qualifier = split(function_name, qualifier)
        self.get_function(name, qualifier or None)
        return self._policies.of(self.get_function(name, None), qualifier), qualifier

    def list_event_source_mappings(self, event_source_arn: str, function_name: str) -> list[Any]:
        """Return mappings; those of a function are found by the qualifier that they name, as on AWS."""
        mappings = super().list_event_source_mappings(event_source_arn, "")
        wanted = split(function_name, None) if function_name else None
        return [mapping for mapping in mappings if wanted in {None, split(mapping.function_arn, None)}]

    def account_settings(self) -> dict[str, Any]:
        functions = list(self.list_functions())
        reserved = sum(function.reserved_concurrency or 0 for function in functions)
        return {
            "AccountLimit": {
                **_ACCOUNT_LIMITS,
                "ConcurrentExecutions": self.account_concurrency,
                "UnreservedConcurrentExecutions": self.account_concurrency - reserved,
            },
            "AccountUsage": {
                "FunctionCount": len(functions),
                "TotalCodeSize": sum(function.code_size for function in functions),
            },
        }

    def _qualified_arn(self, name_or_arn: str) -> str:
        """Return the ARN of an existing function, with the qualifier of the given name."""
        self.get_function(name_or_arn, None)
        if name_or_arn.startswith("arn:"):
            return name_or_arn
        return f"arn:aws:lambda:{self.region_name}:{self.account_id}:function:{name_or_arn}"


class LambdaApi(MotoResponse):  # type: ignore[misc] # moto is untyped
    """Gaps: a code location that can be fetched; an alias's own ARN and permissions; code that runs here."""

    code_locations: CodeLocations
    invocations: DataPlaneInvocations

    def invoke(self) -> tuple[int, dict[str, Any], bytes]:
        name, qualifier = self.uri_match["FunctionName"], self._get_param("Qualifier", None)
        function = self.backend.get_function(name, qualifier)
        arn = ":".join(function.function_arn.split(":")[:7])
        qualifier = qualifier or name.rpartition(":function:")[2].partition(":")[2]  # the name may have one
        kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if qualifier and qualifier != "$LATEST":  # which is what an unqualified name means
            arn = f"{arn}:{qualifier}"
        return self.invocations.invoke(arn, kind, self.body.encode())

    def get_function(self) -> str:
        answer = json.loads(super().get_function())
        name, qualifier = self.uri_match["FunctionName"], self._get_param("Qualifier", None)
        function = self.backend.get_function(name, qualifier)
        answer["Code"]["Location"] = self.code_locations.publish(function.code_bytes)
        base = ":".join(function.function_arn.split(":")[:7])
        if qualifier is not None:
            answer["Configuration"]["FunctionArn"] = f"{base}:{qualifier}"
        reserved = self.backend.get_function(base).reserved_concurrency
        if reserved is not None:  # moto takes 0, which lets nothing run, for none
            answer["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
        return json.dumps(answer)

    def get_account_settings(self) -> str:
        return json.dumps(self.backend.account_settings())

    def remove_permission(self) -> tuple[int, dict[str, Any], str]:
        self.backend.remove_permission(
            self.uri_match["FunctionName"],
            self.uri_match["StatementId"],
            self._get_param("RevisionId", ""),
            self._get_param("Qualifier", None),
        )
        return 204, {"status": 204}, ""


def _content(function: MotoFunction) -> dict[str, Any]:
    configuration = function.get_configuration()
    return {name: value for name, value in configuration.items() if name not in _OF_THE_VERSION}
