"""Puts rebuilt zips into the running functions: UpdateFunctionCode, and the aliases' move to the new version.

Terraform doesn't do this: a plan alone takes longer. The next start, or `make plan ENV=local`, shows it what has
changed.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from selador_local.control_plane_client.client import ControlPlane

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient


def zips(artifacts: Path) -> dict[str, str]:
    """Return the SHA-256 of each artifact's zip, in hexadecimal, by the zip's name."""
    manifest = json.loads((artifacts / "manifest.json").read_text(encoding="utf-8"))
    return {artifact["path"]: artifact["sha256"] for artifact in manifest["artifacts"].values()}


class LiveCode:
    """The functions that run the zips of a folder, in one control plane."""

    def __init__(self, artifacts: Path, control_plane: ControlPlane) -> None:
        self._artifacts = artifacts
        self._lambda: LambdaClient = boto3.client("lambda", **control_plane.client_arguments)

    def replace(self, before: Mapping[str, str]) -> list[str]:
        """Give each function that runs a zip of `before` what the folder now has of that name. Blocks.

        Returns the functions' names. An alias that served another version than the newest is left alone.
        """
        names = {_code_sha256(sha256): name for name, sha256 in before.items()}
        now = zips(self._artifacts)
        replaced = []
        for function, code_sha256 in self._functions():
            name = names.get(code_sha256)
            if name in now and _code_sha256(now[name]) != code_sha256:
                self._replace(function, (self._artifacts / name).read_bytes())
                replaced.append(function)
        return replaced

    def _functions(self) -> Iterator[tuple[str, str]]:
        for page in self._lambda.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                yield function["FunctionName"], function["CodeSha256"]

    def _replace(self, function: str, content: bytes) -> None:
        versions = [
            version["Version"]
            for page in self._lambda.get_paginator("list_versions_by_function").paginate(FunctionName=function)
            for version in page["Versions"]
        ]
        newest = max((version for version in versions if version != "$LATEST"), key=int, default=None)
        version = self._lambda.update_function_code(FunctionName=function, ZipFile=content, Publish=True)["Version"]
        served = False
        for page in self._lambda.get_paginator("list_aliases").paginate(FunctionName=function):
            for alias in page["Aliases"]:
                if alias["FunctionVersion"] == newest:
                    self._lambda.update_alias(FunctionName=function, Name=alias["Name"], FunctionVersion=version)
                    served = True
        if served and newest is not None:
            # A day of saved lines would otherwise leave a zip each, all of them in memory and in the snapshot.
            self._lambda.delete_function(FunctionName=function, Qualifier=newest)


def _code_sha256(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
