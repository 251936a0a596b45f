"""The state of the environment `local`, in the control plane's S3."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack.commands import StackError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_SETTING = re.compile(r'^(?P<name>\w+)\s*=\s*"(?P<value>.+)"', re.MULTILINE)


@dataclass(frozen=True)
class DeploymentState:
    """Where the state lies."""

    s3: "S3Client"
    bucket: str
    key: str

    @classmethod
    def named_by(cls, backend_file: Path, control_plane: ControlPlane) -> "DeploymentState":
        """Return the place that a backend's file names. Raises StackError if it names none."""
        settings = {found["name"]: found["value"] for found in _SETTING.finditer(backend_file.read_text("utf-8"))}
        if missing := {"bucket", "key"} - settings.keys():
            raise StackError(f'{backend_file} has no line {missing.pop()} = "…"')
        s3 = boto3.client("s3", **control_plane.client_arguments)
        return cls(s3, settings["bucket"], f"env:/local/{settings['key']}")

    def make_bucket(self) -> None:
        """Make the bucket, which keeps old versions; one that is there already stays as it is."""
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})

    def read(self) -> Mapping[str, Any]:
        """Return the state; empty before the first apply."""
        try:
            state: dict[str, Any] = json.load(self.s3.get_object(Bucket=self.bucket, Key=self.key)["Body"])
        except (self.s3.exceptions.NoSuchKey, self.s3.exceptions.NoSuchBucket):
            return {}
        return state

    def unlock(self) -> None:
        """Take the state from whoever held it when the stack ended: that apply ended with it."""
        self.s3.delete_object(Bucket=self.bucket, Key=f"{self.key}.tflock")
