"""The deployed zips, fetched, checked and extracted once for each hash."""

import base64
import hashlib
import io
import shutil
import tempfile
import urllib.request
import zipfile
from pathlib import Path

from selador_local.control_plane_client.client import USER_AGENT
from selador_local.data_plane.deployment import DeploymentError, Function


def extracted(function: Function, folder: Path) -> Path:
    """Return the folder below `folder` with the function's code, read-only as on Lambda. Blocks: call it in a thread.

    Raises DeploymentError if the zip can't be fetched, isn't the one deployed, or isn't a zip.
    """
    digest = base64.b64decode(function.code_sha256)
    task_root = folder / digest.hex()
    if not task_root.exists():
        content = _fetch(function)
        if hashlib.sha256(content).digest() != digest:
            raise DeploymentError(
                f"the code of {function.name} isn't the deployed one: its hash differs from CodeSha256"
            )
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=folder))
        try:
            _extract(content, unfinished, function.name)
            unfinished.rename(task_root)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        _make_read_only(task_root)
    return task_root


def _fetch(function: Function) -> bytes:
    try:
        request = urllib.request.Request(function.code_url, headers={"User-Agent": USER_AGENT})
        with urllib.request.urlopen(request, timeout=60) as response:
            content: bytes = response.read()
    except (OSError, ValueError) as error:
        raise DeploymentError(f"the code of {function.name} can't be fetched: {error}") from error
    return content


def _extract(content: bytes, folder: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)
    except zipfile.BadZipFile as error:
        raise DeploymentError(f"the code of {name} isn't a zip: {error}") from error


def _make_read_only(folder: Path) -> None:
    # Lambda mounts the code read-only: a function that writes beside its code must fail here too.
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    folder.chmod(0o555)


def remove(folder: Path) -> None:
    """Delete a folder of extracted code, though it is read-only; do nothing if it doesn't exist."""
    if not folder.exists():
        return
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)
