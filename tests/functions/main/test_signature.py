"""Our signature of a post is botocore's, whatever the path, body, credentials, host and moment."""

import datetime
from unittest import mock

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from selador_main.signature import PostSigner

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MIDNIGHT = int(datetime.datetime(2026, 12, 31, 23, 59, 59, tzinfo=datetime.UTC).timestamp()) + 1

words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
segments = st.text("abcXYZ019-_.~%@:+=&,;!$'()*", max_size=20)
urls = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["abc.execute-api.eu-west-1.amazonaws.com", "WS.Example.ORG", "127.0.0.1", "[::1]"]),
    st.sampled_from(["", ":80", ":443", ":8443"]),
)
moments = st.integers(0, 4_102_444_800) | st.integers(-3, 3).map(lambda seconds: MIDNIGHT + seconds)


def botocores(url: str, region: str, credentials: Credentials, body: bytes, epoch_seconds: int) -> dict[str, str]:
    request = AWSRequest("POST", url, data=body)
    moment = EPOCH + datetime.timedelta(seconds=epoch_seconds)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        SigV4Auth(credentials, "execute-api", region).add_auth(request)
    return dict(request.headers.items())


@settings(max_examples=300)
@given(
    url=urls,
    path=st.lists(segments, max_size=5).map(lambda parts: "/" + "/".join(parts)),
    region=st.sampled_from(["eu-west-1", "us-gov-west-1", "cn-north-1"]),
    credentials=st.builds(Credentials, words, words, st.none() | words),
    body=st.binary(max_size=300),
    epoch_seconds=moments,
)
@example(
    url="https://abc.execute-api.eu-west-1.amazonaws.com",
    path="/dev/@connections/S3Y7fd1cDoECJKQ%3D",
    region="eu-west-1",
    credentials=Credentials("AKIDEXAMPLE", "secret", ""),
    body=b"",
    epoch_seconds=0,
)
def test_a_post_is_signed_as_botocore_signs_it(
    url: str, path: str, region: str, credentials: Credentials, body: bytes, epoch_seconds: int
) -> None:
    ours = PostSigner(url, region).headers(path, body, credentials.get_frozen_credentials(), epoch_seconds)

    theirs = botocores(url + path, region, credentials, body, epoch_seconds)
    del ours["Host"]  # which botocore leaves to its HTTP client, but signs
    assert ours == theirs


def test_the_days_turn_changes_the_key() -> None:
    """One signer on both sides of midnight, and back: a thread may have read the clock before another."""
    signer = PostSigner("https://example.org", "eu-west-1")
    credentials = Credentials("AKIDEXAMPLE", "secret", "token")

    for moment in (MIDNIGHT - 1, MIDNIGHT, MIDNIGHT - 1, MIDNIGHT + 86_400):
        ours = signer.headers("/dev", b"{}", credentials.get_frozen_credentials(), moment)

        theirs = botocores("https://example.org/dev", "eu-west-1", credentials, b"{}", moment)
        assert ours["Authorization"] == theirs["Authorization"]


@pytest.mark.parametrize("fraction", [0.0, 0.999])
def test_a_fraction_of_a_second_is_cut(fraction: float) -> None:
    signer = PostSigner("https://example.org", "eu-west-1")

    headers = signer.headers("/dev", b"", Credentials("a", "b").get_frozen_credentials(), MIDNIGHT - 1 + fraction)

    assert headers["X-Amz-Date"] == "20261231T235959Z"
