"""The issuer's keys, in a folder of its own: they stay from start to start, so that tokens do.

One signs tokens. Another is the server's, with a certificate for 127.0.0.1 that is its own authority: whoever is told
to trust it trusts this server, and nobody else does.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm

from selador_local.errors import SeladorLocalError

ALGORITHM = "ES256"
_VALID = timedelta(days=365)
_RENEWED_BEFORE = timedelta(days=30)


class IssuerKeysError(SeladorLocalError):
    """The issuer's keys can't be read. The message says which file is wrong."""


@dataclass(frozen=True)
class IssuerKeys:
    """What signs tokens, and the file with the server's key and certificate."""

    signing_key: EllipticCurvePrivateKey
    certificate: Path

    @property
    def key_id(self) -> str:
        """The `kid` of its tokens: another key has another one."""
        public = self.signing_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(public).hexdigest()[:16]

    @property
    def key_set(self) -> dict[str, Any]:
        """What the issuer publishes: the public half."""
        public = ECAlgorithm.to_jwk(self.signing_key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.key_id, "alg": ALGORITHM, "use": "sig"}]}


def open_keys(folder: Path, now: datetime) -> IssuerKeys:
    """Return the keys in the folder; make what is missing, and the certificate anew in its last month.

    Raises IssuerKeysError if a file can't be read.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    signing, certificate = folder / "signing-key.pem", folder / "certificate.pem"
    if not signing.exists():
        _write(signing, _pem(generate_private_key(SECP256R1())))
    if not certificate.exists() or _certificate(certificate).not_valid_after_utc - now < _RENEWED_BEFORE:
        _write(certificate, _make_certificate(now))
    return IssuerKeys(_signing_key(signing), certificate)


def _signing_key(file: Path) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise IssuerKeysError(f"{file} holds no private key of an elliptic curve; remove it, and start the stack again")
    return key


def _certificate(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except ValueError:
        raise IssuerKeysError(f"{file} holds no certificate; remove it, and start the stack again") from None


def _make_certificate(now: datetime) -> bytes:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer of the laptop stack")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    return _pem(key) + certificate.public_bytes(Encoding.PEM)


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
