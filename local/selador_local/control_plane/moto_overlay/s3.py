"""S3: bucket policies are judged once, in `iam.py`, where conditions count."""

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket as MotoBucket


class Bucket(MotoBucket):  # type: ignore[misc] # moto is untyped
    """Gap: moto reads a bucket's policy without its conditions, so a TLS-only policy refuses everything (SQS-32)."""

    def get_permission(self, action: str, resource: str) -> Any:  # noqa: ARG002 # moto's signature
        """The request is here, so it is allowed."""
        return PermissionResult.PERMITTED
