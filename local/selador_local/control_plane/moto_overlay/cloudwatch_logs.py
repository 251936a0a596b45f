"""A part of CloudWatch Logs that moto lacks: the key of an existing log group."""

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse as MotoResponse


class LogsApi(MotoResponse):  # type: ignore[misc] # moto is untyped
    """Gap: moto takes a key only when a log group is created."""

    def associate_kms_key(self) -> str:
        return self._set_key(self._get_param("kmsKeyId"))

    def disassociate_kms_key(self) -> str:
        return self._set_key(None)

    def _set_key(self, key_arn: str | None) -> str:
        group = self.logs_backend.groups.get(self._get_param("logGroupName"))
        if group is None:
            raise ResourceNotFoundException
        group.kms_key_id = key_arn
        return ""
