"""What the control plane holds, as a file: a stack that starts again has what was applied before.

The file is one line of JSON, its `Origin`, and moto's backends pickled. Only the same moto, Python and overlay read it:
the objects in it are theirs. STS is left out, since a role's session ends with the stack.

Whoever can write the file can run code here. So it is its owner's alone, like the key that it holds.
"""

import hashlib
import io
import json
import os
import pickle
import platform
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from moto.backends import get_backend
from moto.s3.models import s3_backends
from moto.s3.utils import _VersionedKeyStore as VersionedKeyStore

from selador_local.errors import SeladorLocalError

_SERVICES = ("apigateway", "apigatewayv2", "cloudwatch", "iam", "kms", "lambda", "logs", "s3", "sns", "sqs")
_OVERLAY = Path(__file__).parent
# Nobody holds or waits for one in a stack that starts.
_LOCKS: dict[type, Callable[[], object]] = {
    type(make()): make for make in (threading.Condition, threading.Event, threading.Lock, threading.RLock)
}
_PRIVATE_KEYS = (RSAPrivateKey, EllipticCurvePrivateKey)  # KMS's


class SnapshotError(SeladorLocalError):
    """A snapshot can't be read. The message says why."""


@dataclass(frozen=True)
class Origin:
    """What wrote a snapshot. Another one can't be sure to read it."""

    moto: str
    python: str
    overlay: str
    """SHA-256 of the control plane's own modules."""

    @classmethod
    def here(cls) -> "Origin":
        """Return the origin of what this process writes."""
        overlay = hashlib.sha256()
        for path in sorted(_OVERLAY.rglob("*.py")):
            overlay.update(path.read_bytes())
        return cls(version("moto"), platform.python_version(), overlay.hexdigest())


class Snapshot:
    """The file at `path`, for a process of this `origin`."""

    def __init__(self, path: Path, origin: Origin) -> None:
        self._path = path
        self._origin = origin

    def restore(self) -> dict[str, Any]:
        """Fill the backends from the file; return what became of it, as the ready line says it.

        A file that can't be read is renamed, so that nothing in it is lost.
        """
        try:
            self._read()
        except FileNotFoundError:
            return {"restored": False}
        except SnapshotError as error:
            aside = self._path.with_name(f"{self._path.name}.unreadable")
            self._path.replace(aside)
            return {"restored": False, "refused": f"{error}; the file is now {aside}"}
        return {"restored": True}

    def write(self) -> None:
        """Write what the backends hold. An earlier file is replaced only by a whole one."""
        content = _pickled()
        unfinished = self._path.with_name(f"{self._path.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(json.dumps(asdict(self._origin)).encode() + b"\n")
            file.write(content)
        unfinished.replace(self._path)

    def _read(self) -> None:
        with self._path.open("rb") as file:
            try:
                written_by = Origin(**json.loads(file.readline()))
            except (ValueError, TypeError):
                raise SnapshotError("it has no first line that says what wrote it") from None
            if difference := _difference(written_by, self._origin):
                raise SnapshotError(difference)
            try:
                held = pickle.load(file)  # noqa: S301 # its owner's, as the module says
            except Exception as error:  # a damaged pickle raises nearly anything
                raise SnapshotError(f"it is damaged ({type(error).__name__})") from error
        for service, backends in held.items():
            for account_id, region, backend in backends:
                get_backend(service)[account_id][region] = backend
        for account_id, _, backend in held["s3"]:
            # What moto keeps beside its backends: without it, whoever makes a bucket that is there replaces it.
            s3_backends.bucket_accounts.update(dict.fromkeys(backend.buckets, (backend.partition, account_id)))


def _pickled() -> bytes:
    for last in (False, False, True):
        content = io.BytesIO()
        try:
            _Pickler(content, protocol=pickle.HIGHEST_PROTOCOL).dump(
                {service: list(get_backend(service).iter_backends()) for service in _SERVICES}
            )
        except RuntimeError:  # a dictionary has changed meanwhile: other calls go on
            if last:
                raise
        else:
            break
    return content.getvalue()


def _difference(written_by: Origin, here: Origin) -> str | None:
    if written_by.moto != here.moto:
        return f"moto {written_by.moto} wrote it, this is moto {here.moto}"
    if written_by.python != here.python:
        return f"Python {written_by.python} wrote it, this is Python {here.python}"
    return None if written_by == here else "the control plane's own code has changed since it was written"


class _Pickler(pickle.Pickler):
    """Writes what pickle can't: locks as new ones, dictionaries by all of their items, private keys by their bytes."""

    def reducer_override(self, value: Any) -> Any:
        if make := _LOCKS.get(type(value)):
            return make, ()
        if isinstance(value, WeakValueDictionary):
            return WeakValueDictionary, (dict(value),)
        if isinstance(value, VersionedKeyStore):  # shows only the newest version of each key
            return VersionedKeyStore, (dict(dict.items(value)),)
        if isinstance(value, _PRIVATE_KEYS):
            return _private_key, (value.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),)
        return NotImplemented


def _private_key(content: bytes) -> object:
    return load_der_private_key(content, password=None)
