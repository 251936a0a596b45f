"""A distribution's own check stops the build with each of its faults."""

from pathlib import Path

import pytest

from selador_packaging.checks import check_own
from selador_packaging.errors import PackagingError


def distribution(folder: Path, check: str, module: str = "") -> Path:
    folder.joinpath("pyproject.toml").write_text(f'[project]\nname = "x"\n{check}')
    folder.joinpath("own_check.py").write_text(module)
    return folder


CHECK = '[tool.selador]\ncheck = "own_check"\n'


def test_a_distribution_without_a_check_passes(tmp_path: Path) -> None:
    check_own(distribution(tmp_path, ""), [tmp_path])


def test_a_check_that_finds_nothing_passes(tmp_path: Path) -> None:
    check_own(distribution(tmp_path, CHECK), [tmp_path])


def test_each_line_of_a_failed_check_is_a_fault(tmp_path: Path) -> None:
    folder = distribution(tmp_path, CHECK, 'import sys\nsys.exit("a.toml:1: x\\nb.toml:2: y")\n')

    with pytest.raises(PackagingError) as raised:
        check_own(folder, [tmp_path])

    assert raised.value.faults == ("own_check: a.toml:1: x", "own_check: b.toml:2: y")
