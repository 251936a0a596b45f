import shutil
import zipfile
from pathlib import Path

import pytest

from selador_packaging.errors import PackagingError
from selador_packaging.first_party import build_wheel, find_distributions

PYPROJECT = """
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "my-thing"
version = "1.0"
description = "A thing"
"""


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    folder = tmp_path / "functions" / "thing"
    (folder / "my_thing").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "my_thing" / "__init__.py").write_text('"""A thing."""\n')
    return folder


def test_distributions_are_found_by_the_name_in_their_pyproject(distribution: Path) -> None:
    assert find_distributions(distribution.parent) == {"my-thing": distribution}


@pytest.mark.parametrize("text", ["[project]\n", "not toml"])
def test_a_pyproject_without_a_name_is_refused(distribution: Path, text: str) -> None:
    (distribution / "pyproject.toml").write_text(text)

    with pytest.raises(PackagingError, match=r"thing/pyproject\.toml has no readable \[project\] name"):
        find_distributions(distribution.parent)


def test_a_wheel_is_built_and_dated_1980(distribution: Path, tmp_path: Path) -> None:
    wheel = build_wheel(distribution, tmp_path / "output")

    with zipfile.ZipFile(wheel) as archive:
        assert "my_thing/__init__.py" in archive.namelist()
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_build_that_fails_says_why(distribution: Path, tmp_path: Path) -> None:
    shutil.rmtree(distribution / "my_thing")

    with pytest.raises(PackagingError, match=r"could not be built into a wheel; the build said: .*my_thing"):
        build_wheel(distribution, tmp_path / "output")
