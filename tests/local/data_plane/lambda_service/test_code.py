"""A function's code: fetched, checked, extracted once, and removed although it can't be written."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from selador_local.data_plane.deployment import DeploymentError, Function
from selador_local.data_plane.lambda_service import code

MakeFunction = Callable[..., Function]


def test_a_zip_is_extracted_once_and_read_only(make_function: MakeFunction, tmp_path: Path) -> None:
    function = make_function("answer = 42\n")

    first = code.extracted(function, tmp_path / "code")
    Path(function.code_url.removeprefix("file://")).unlink()
    again = code.extracted(function, tmp_path / "code")

    assert first == again
    assert (first / "handler.py").read_text() == "answer = 42\n"
    assert [path.stat().st_mode & 0o222 for path in (first, first / "handler.py")] == [0, 0]
    code.remove(tmp_path / "code")


def test_a_zip_that_cannot_be_fetched_is_an_error_that_says_why(make_function: MakeFunction, tmp_path: Path) -> None:
    function = make_function("", code_url=(tmp_path / "nowhere.zip").as_uri())

    with pytest.raises(DeploymentError, match=r"the code of echo can't be fetched: .*nowhere\.zip"):
        code.extracted(function, tmp_path / "code")


def test_what_is_no_zip_leaves_nothing_behind(make_function: MakeFunction, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk")
    digest = base64.b64encode(hashlib.sha256(b"junk").digest()).decode()
    function = make_function("", code_url=(tmp_path / "junk").as_uri(), code_sha256=digest)

    with pytest.raises(DeploymentError, match="the code of echo isn't a zip"):
        code.extracted(function, tmp_path / "code")

    assert list((tmp_path / "code").iterdir()) == []


def test_removing_takes_a_read_only_folder_and_does_without_one(make_function: MakeFunction, tmp_path: Path) -> None:
    code.extracted(make_function(""), tmp_path / "code")

    code.remove(tmp_path / "code")
    code.remove(tmp_path / "code")

    assert not (tmp_path / "code").exists()
