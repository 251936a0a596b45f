"""A correction of moto's S3: bucket policies are judged once, by the front door's `iam.py`, with conditions."""

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket as MotoBucket


class Bucket(MotoBucket):  # type: ignore[misc] # moto is untyped
    """Gap: moto reads a bucket's policy without its conditions, so a TLS-only policy refuses everything (SQS-32)."""

    def get_permission(self, action: str, resource: str) -> Any:  # noqa: ARG002 # moto's signature
        """Allow the request: the front door has let it in."""
        return PermissionResult.PERMITTED
