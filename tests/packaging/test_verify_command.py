"""The command that verifies artifacts, as far as it builds nothing; test_build_artifacts.py has the rest."""

from pathlib import Path

import pytest

from selador_packaging import verify_command
from selador_packaging.circumstances import PLAIN
from selador_packaging.signature import Signature, Verdict

from .test_comparison import folder_of, zip_of


def test_folders_with_the_same_artifacts_exit_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [folder_of(tmp_path / name, zip_of(a=b"1")) for name in ("one", "two")]

    assert verify_command.main(tmp_path, ["--same", *map(str, folders)]) == 0

    assert capsys.readouterr().out == f"same     {folders[0]}\nsame     {folders[1]}\n"


@pytest.mark.parametrize("given", [[], ["one"], ["one", "one"], ["one", "two/../one"]])
def test_one_folder_is_compared_with_nothing_and_that_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    """A pipeline whose downloads brought one build only would have been told that all builds are the same."""
    for name in ("one", "two"):
        folder_of(tmp_path / name, zip_of(a=b"1"))
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit, match="2"):
        verify_command.main(tmp_path, ["--same", *given])

    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"FOLDERS is {' '.join(given)!r}: one folder is like itself; give two or more" in printed.err


def test_a_folder_that_differs_is_told_member_by_member_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = folder_of(tmp_path / "one", zip_of(a=b"1")), folder_of(tmp_path / "two", zip_of(a=b"22"))

    assert verify_command.main(tmp_path, ["--same", str(one), str(two)]) == 1

    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == f"differs  {two}"
    assert printed[2].startswith("         main.zip: a differs: size 1, now 2")


def test_of_very_many_differences_the_first_are_shown_and_the_rest_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = folder_of(tmp_path / "one", zip_of(**{f"m{number}": b"" for number in range(20)}))
    two = folder_of(tmp_path / "two", zip_of())

    verify_command.main(tmp_path, ["--same", str(one), str(two)])

    assert capsys.readouterr().out.splitlines()[-1] == "         and 16 more"


def test_wrong_usage_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        verify_command.main(tmp_path, ["--against"])

    assert raised.value.code == 2
    assert "expected one argument" in capsys.readouterr().err


def test_ctrl_c_exits_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(verify_command, "check_signature", interrupt)

    assert verify_command.main(tmp_path, []) == 130
    assert capsys.readouterr().err == "verify_artifacts: interrupted\n"


def test_one_rebuild_is_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dist = folder_of(tmp_path / "dist", zip_of(a=b"1"))
    (tmp_path / "build" / "wheels").mkdir(parents=True)
    monkeypatch.setattr(verify_command, "_rebuild", lambda *_: [])

    verify_command.verify(tmp_path, dist, [PLAIN])

    said = capsys.readouterr()
    assert said.err == f"rebuilding {dist} for arm64, 1 time\n"
    assert said.out.splitlines()[-1] == "1 of 1 rebuild gave the same bytes"


def test_what_was_never_built_is_refused_with_the_next_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_command.main(tmp_path, []) == 1

    assert capsys.readouterr().err.startswith(f"verify_artifacts: {tmp_path / 'dist'} does not exist; run make")


def test_without_fetched_wheels_nothing_is_rebuilt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder_of(tmp_path / "dist", zip_of(a=b"1"))

    assert verify_command.main(tmp_path, []) == 1

    said = capsys.readouterr()
    assert "no wheel was fetched yet; run make artifacts first" in said.err
    assert said.out == "signature: not checked: this checkout's origin is no repository on GitHub (none)\n"


def test_a_signature_that_is_asked_for_and_can_not_be_checked_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(tmp_path / "dist", zip_of(a=b"1"))

    assert verify_command.main(tmp_path, ["--signed"]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("verify_artifacts: signature: not checked: ")


def test_a_wrong_signature_fails_whether_it_is_asked_for_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(tmp_path / "dist", zip_of(a=b"1"))
    wrong = Signature(Verdict.WRONG, "another workflow")
    monkeypatch.setattr(verify_command, "find_signature", lambda manifest, project: wrong)

    assert verify_command.main(tmp_path, []) == 1

    assert capsys.readouterr().err == "verify_artifacts: signature: wrong: another workflow\n"


def test_a_file_that_is_not_its_manifests_is_told_before_anybody_is_asked_about_a_signature(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder_of(tmp_path / "dist", zip_of(a=b"1")) / "main.zip").write_bytes(b"other")

    assert verify_command.main(tmp_path, ["--signed"]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert "its manifest says" in said.err
