"""The issuer's keys: made once, kept, and readable by their owner alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from selador_local.issuer.keys import IssuerKeysError, open_keys

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_the_keys_stay_from_start_to_start(tmp_path: Path) -> None:
    first, second = open_keys(tmp_path, NOW), open_keys(tmp_path, NOW + timedelta(days=30))

    assert second.key_set == first.key_set
    assert second.certificate.read_bytes() == first.certificate.read_bytes()


def test_only_their_owner_may_read_them(tmp_path: Path) -> None:
    open_keys(tmp_path / "issuer", NOW)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "issuer").iterdir()}
    assert modes == {"certificate.pem": 0o600, "signing-key.pem": 0o600}
    assert (tmp_path / "issuer").stat().st_mode & 0o777 == 0o700


def test_what_is_published_is_the_public_half(tmp_path: Path) -> None:
    keys = open_keys(tmp_path, NOW)

    (published,) = keys.key_set["keys"]
    assert published.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert (published["kid"], published["alg"], published["use"]) == (keys.key_id, "ES256", "sig")


def test_a_certificate_is_made_anew_in_its_last_month_and_the_signing_key_stays(tmp_path: Path) -> None:
    first = open_keys(tmp_path, NOW)
    before = first.certificate.read_bytes()

    second = open_keys(tmp_path, NOW + timedelta(days=340))

    renewed = x509.load_pem_x509_certificate(second.certificate.read_bytes())
    assert second.certificate.read_bytes() != before
    assert renewed.not_valid_after_utc == NOW + timedelta(days=340 + 365)
    assert second.key_id == first.key_id


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("signing-key.pem", "signing-key.pem holds no private key of an elliptic curve; remove it"),
        ("certificate.pem", "certificate.pem holds no certificate; remove it"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, complaint: str) -> None:
    open_keys(tmp_path, NOW)
    (tmp_path / name).write_text("not a key")

    with pytest.raises(IssuerKeysError, match=complaint):
        open_keys(tmp_path, NOW)
