import shutil
import zipfile
from pathlib import Path

import pytest

from selador_packaging.errors import PackagingError
from selador_packaging.first_party import build_wheel, find_distributions, find_unpacked, get_wheels
from selador_packaging.source import SourceFile

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


def sources(pyproject: str, **more: str) -> dict[str, SourceFile]:
    files = {"functions/thing/pyproject.toml": pyproject, "functions/thing/my_thing/__init__.py": '"""A thing."""\n'}
    return {path: SourceFile(text.encode()) for path, text in (files | more).items()}


def test_distributions_are_found_by_the_name_in_their_pyproject() -> None:
    [found] = find_distributions(sources(PYPROJECT, **{"functions/a/b/pyproject.toml": "too deep"}))

    assert (found.name, found.folder, found.check) == ("my-thing", "functions/thing", None)
    assert set(found.files) == {"pyproject.toml", "my_thing/__init__.py"}


def test_two_distributions_of_one_name_are_refused() -> None:
    with pytest.raises(PackagingError) as refused:
        find_distributions(sources(PYPROJECT, **{"functions/twin/pyproject.toml": PYPROJECT.replace("-", "_")}))

    assert refused.value.faults == (
        "functions/thing has the name my-thing, as another has",
        "functions/twin has the name my-thing, as another has",
    )


@pytest.mark.parametrize("setting", ['kept = ["a"]', "check = 5", 'check = ["a"]'])
def test_a_setting_that_is_not_known_is_refused(setting: str) -> None:
    """A mistyped name would keep nothing, and say so only on Lambda."""
    with pytest.raises(PackagingError, match=r"^functions/thing/pyproject\.toml has no readable .*: (kept|check) is "):
        find_distributions(sources(f"{PYPROJECT}[tool.selador]\n{setting}\n"))


@pytest.mark.parametrize("keep", ["'my_thing'", "[1]", "true"])
def test_what_is_kept_is_a_list_of_names(keep: str) -> None:
    with pytest.raises(PackagingError, match=r"keep is .*, expected a list of modules' names$"):
        find_distributions(sources(f"{PYPROJECT}\n[tool.selador]\nkeep = {keep}\n"))


@pytest.mark.parametrize("text", ["[project]\n", "not toml", "project = 1", "[project]\nname = 1", "tool = 1"])
def test_a_pyproject_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(PackagingError, match=r"^functions/thing/pyproject\.toml has no readable \[project\] name"):
        find_distributions(sources(text))


def test_a_wheel_holds_the_files_that_are_listed_and_no_others(tmp_path: Path) -> None:
    [wheel] = get_wheels(find_distributions(sources(PYPROJECT)), tmp_path, report=lambda line: None)

    assert {it.path for it in wheel.members if ".dist-info" not in it.path} == {"my_thing/__init__.py"}


def test_files_that_no_wheel_holds_are_named(tmp_path: Path) -> None:
    """They may be imported on the laptop, and are nowhere on Lambda."""
    files = sources(PYPROJECT, **{"functions/thing/README.md": "", "functions/thing/.gitignore": ""})
    lost = dict.fromkeys(("functions/thing/helpers/__init__.py", "functions/lost.py"), SourceFile(b""))
    everything = files | lost | {"requirements.txt": SourceFile(b"")}
    distributions = find_distributions(everything)

    wheels = get_wheels(distributions, tmp_path, report=lambda line: None)

    assert find_unpacked(everything, distributions, wheels) == sorted(lost)


def test_what_a_distribution_wants_kept_stands_in_its_pyproject() -> None:
    [found] = find_distributions(sources(f'{PYPROJECT}[tool.selador]\nkeep = ["a.b", "c"]\n'))

    assert found.keep == ("a.b", "c")


def test_a_distribution_is_checked_before_it_is_built(tmp_path: Path) -> None:
    checked = sources(f'{PYPROJECT}[tool.selador]\ncheck = "my_thing"\n') | {
        "functions/thing/my_thing/__init__.py": SourceFile(b"import sys\nsys.exit('no')")
    }

    with pytest.raises(PackagingError, match=r"^my_thing: no$"):
        get_wheels(find_distributions(checked), tmp_path, report=lambda line: None)


def test_a_distribution_is_checked_again_if_another_has_changed(tmp_path: Path) -> None:
    """What it imports of that one may fail now, though its own wheel is known."""
    checked = sources(f'{PYPROJECT}[tool.selador]\ncheck = "my_thing"\n') | {
        "functions/thing/my_thing/__init__.py": SourceFile(b"import other, sys\nsys.exit(other.FAULT)"),
        "functions/other/pyproject.toml": SourceFile(PYPROJECT.replace("my-thing", "other").encode()),
    }
    other = "functions/other/other/__init__.py"
    right, wrong = (find_distributions(checked | {other: SourceFile(it)}) for it in (b"FAULT = 0", b"FAULT = 'no'"))

    get_wheels(right, tmp_path, report=lambda line: None)

    with pytest.raises(PackagingError, match=r"^my_thing: no$"):
        get_wheels(wrong, tmp_path, report=lambda line: None)


def test_a_wheel_is_built_and_dated_1980(distribution: Path, tmp_path: Path) -> None:
    wheel = build_wheel(distribution, tmp_path / "output")

    with zipfile.ZipFile(wheel) as archive:
        assert "my_thing/__init__.py" in archive.namelist()
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_build_that_fails_says_why(distribution: Path, tmp_path: Path) -> None:
    shutil.rmtree(distribution / "my_thing")

    with pytest.raises(PackagingError, match=r"could not be built into a wheel; the build said: .*my_thing"):
        build_wheel(distribution, tmp_path / "output")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('["flit_core"]', '["flit_core>=99"]', r"is built by flit_core>=99, which this environment lacks"),
        ("flit_core.buildapi", "absent.api", r"the build said: Backend 'absent.api' is not available"),
        ('["flit_core"]', '"flit_core"', r"could not be built into a wheel: .*`requires` must be an array of strings"),
    ],
)
def test_a_distribution_that_is_built_by_something_else_is_refused(
    old: str, new: str, sentence: str, distribution: Path, tmp_path: Path
) -> None:
    (distribution / "pyproject.toml").write_text(PYPROJECT.replace(old, new))

    with pytest.raises(PackagingError, match=sentence):
        build_wheel(distribution, tmp_path / "output")
