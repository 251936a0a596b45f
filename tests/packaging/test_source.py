"""Which files are packed, and whether a commit holds them; real repositories."""

import subprocess
from pathlib import Path

import pytest

from selador_packaging.build_command import report_sources
from selador_packaging.errors import PackagingError
from selador_packaging.source import Source, SourceFile, git_files, read_sources, refuse_uncommitted

IDENTITY = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return run.stdout.strip()


def commit_in(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        SourceFile(text.encode()).write(folder / path)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return commit_in(
        tmp_path / "repository",
        {"functions/a.py": "x = 1", "functions/b.py": "", ".gitignore": "*.env\n", "notes": "", "requirements.txt": ""},
    )


def source_of(project: Path) -> Source:
    source = read_sources(project).source
    assert source is not None
    return source


def test_a_clean_tree_is_its_commit(repository: Path) -> None:
    assert source_of(repository) == Source(git(repository, "rev-parse", "HEAD"))
    refuse_uncommitted(source_of(repository))


@pytest.mark.parametrize(
    ("path", "changed"),
    [("functions/a.py", ("functions/a.py",)), ("functions/new.py", ("functions/new.py",)), ("notes", ())],
)
def test_only_what_decides_artifacts_makes_it_dirty(repository: Path, path: str, changed: tuple[str, ...]) -> None:
    (repository / path).write_text("changed")

    assert source_of(repository).changed == changed


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_an_edit_that_git_was_told_to_overlook_is_seen(repository: Path, flag: str) -> None:
    git(repository, "update-index", flag, "functions/a.py")
    (repository / "functions" / "a.py").write_text("x = 2")
    assert git(repository, "status", "--porcelain") == ""

    assert source_of(repository).changed == ("functions/a.py",)


@pytest.mark.parametrize("is_there_twice", [True, False])
def test_a_file_whose_name_differs_in_case_is_another(repository: Path, is_there_twice: bool) -> None:
    """Though git was told that case doesn't count, as it is in a repository that was made on a Mac."""
    git(repository, "config", "core.ignoreCase", "true")
    old, new = repository / "functions" / "a.py", repository / "functions" / "A.py"
    new.write_text("x = 1")
    if not is_there_twice:
        old.unlink()

    sources = read_sources(repository)

    assert "functions/A.py" in sources.files
    assert ("functions/a.py" in sources.files) is is_there_twice
    assert "functions/A.py" in source_of(repository).changed


def test_what_is_not_checked_out_is_told_and_no_release(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(repository, "sparse-checkout", "set", "--no-cone", "/*", "!/functions/a.py")

    sources = read_sources(repository)
    report_sources(sources)

    assert sources.absent == ("functions/a.py",)
    said = "not packed, since they are not there, though git lists them: functions/a.py\n"
    assert capsys.readouterr().err == said
    with pytest.raises(PackagingError, match=r"functions/a\.py is not as in commit"):
        refuse_uncommitted(sources.source)


def test_an_edit_of_the_same_size_and_time_is_seen(repository: Path) -> None:
    path = repository / "functions" / "a.py"
    git(repository, "config", "core.trustctime", "false")
    git(repository, "config", "core.checkStat", "minimal")

    path.write_text("x = 2")

    assert source_of(repository).changed == ("functions/a.py",)


def test_a_file_that_is_gone_or_has_become_executable_is_a_change(repository: Path) -> None:
    (repository / "functions" / "a.py").unlink()
    (repository / "functions" / "b.py").chmod(0o755)

    assert source_of(repository).changed == ("functions/a.py", "functions/b.py")


def test_line_endings_that_git_translates_are_a_change(repository: Path) -> None:
    """What is packed has them; what the commit holds does not."""
    git(repository, "config", "core.autocrlf", "true")
    (repository / "functions" / "a.py").write_bytes(b"x = 1\r\n")
    git(repository, "commit", "-qam", "with line feeds")

    assert source_of(repository).changed == ("functions/a.py",)


def test_what_git_ignores_is_left_out_and_named(repository: Path) -> None:
    (repository / "functions" / "secrets.env").write_text("KEY=1")

    sources = read_sources(repository)

    assert set(sources.files) == {"functions/a.py", "functions/b.py", "requirements.txt"}
    assert sources.ignored == ("functions/secrets.env",)
    assert not source_of(repository).is_dirty


def test_an_ignored_module_beside_the_builder_is_a_change(repository: Path) -> None:
    """Python takes it before the standard library's, so it decides what is packed."""
    (repository / ".git" / "info" / "exclude").write_text("json.py\n*.log\n")
    for name in ("json.py", "json.log", "__pycache__/json.py"):
        SourceFile(b"").write(repository / "packaging" / name)

    sources = read_sources(repository)

    assert sources.source is not None
    assert sources.source.changed == ("packaging/json.py",)
    assert sources.ignored == ()


@pytest.mark.parametrize("is_link", [True, False])
def test_an_ignored_folder_of_modules_beside_the_builder_is_a_change(
    repository: Path, tmp_path: Path, is_link: bool
) -> None:
    """A link to a folder, or a repository of its own, whose files git doesn't list."""
    (repository / ".git" / "info" / "exclude").write_text("packaging/json\n")
    place = tmp_path / "json" if is_link else repository / "packaging" / "json"
    commit_in(place, {"__init__.py": ""})
    if is_link:
        (repository / "packaging").mkdir()
        (repository / "packaging" / "json").symlink_to(place)

    assert [path.rstrip("/") for path in source_of(repository).changed] == ["packaging/json"]


def test_a_name_that_is_no_utf_8_is_refused(repository: Path) -> None:
    (repository / "functions" / "d\udce9j\udce0.py").write_text("")

    with pytest.raises(PackagingError) as refused:
        read_sources(repository)

    assert refused.value.faults == (
        r"'functions/d\udce9j\udce0.py' has a name that is no UTF-8, as names in a zip are; rename it",
    )


def test_a_program_that_the_repository_names_is_not_run(repository: Path, tmp_path: Path) -> None:
    git(repository, "config", "core.fsmonitor", f"touch {tmp_path / 'was-run'}; true")

    read_sources(repository)

    assert not (tmp_path / "was-run").exists()


def test_an_ignored_file_that_was_committed_is_packed(repository: Path) -> None:
    (repository / "functions" / "kept.env").write_text("KEY=1")
    git(repository, "add", "--force", ".")
    git(repository, "commit", "-qm", "kept")

    assert "functions/kept.env" in read_sources(repository).files


@pytest.mark.parametrize(
    "variables",
    [("GIT_DIR",), ("GIT_DIR", "GIT_WORK_TREE"), ("GIT_DIR", "GIT_INDEX_FILE"), ("GIT_OBJECT_DIRECTORY",)],
    ids=" ".join,
)
def test_variables_of_another_repository_are_not_heard(
    repository: Path, tmp_path: Path, variables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = commit_in(tmp_path / "other", {"functions/a.py": "another"})
    values = {
        "GIT_DIR": other / ".git",
        "GIT_INDEX_FILE": other / ".git" / "index",
        "GIT_OBJECT_DIRECTORY": other / ".git" / "objects",
        "GIT_WORK_TREE": other,
    }
    expected = source_of(repository)

    for name in variables:
        monkeypatch.setenv(name, str(values[name]))

    assert source_of(repository) == expected


def test_a_folder_below_the_repositorys_root_is_compared_too(tmp_path: Path) -> None:
    commit_in(tmp_path, {"selador/functions/a.py": "x = 1", "other/functions/a.py": ""})

    sources = read_sources(tmp_path / "selador")

    assert set(sources.files) == {"functions/a.py"}
    assert sources.source is not None
    assert not sources.source.is_dirty


def test_a_repository_of_sha256_is_compared_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    commit_in(tmp_path, {"functions/a.py": "x = 1"})

    assert not source_of(tmp_path).is_dirty


@pytest.mark.parametrize("is_inside_another", [False, True])
def test_without_a_commit_that_holds_it_every_file_counts(tmp_path: Path, is_inside_another: bool) -> None:
    """An unpacked archive; the repository that it may lie in is another project's."""
    if is_inside_another:
        commit_in(tmp_path, {".gitignore": "unpacked\n"})
    for path in ("functions/a.py", "functions/__pycache__/a.pyc", "requirements.txt", "notes"):
        SourceFile(b"").write(tmp_path / "unpacked" / path)

    sources = read_sources(tmp_path / "unpacked")

    assert set(sources.files) == {"functions/a.py", "requirements.txt"}
    assert sources.source is None


def test_before_the_first_commit_there_is_no_source(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    assert read_sources(tmp_path).source is None


def test_a_repository_that_git_cannot_read_is_not_taken_for_none(repository: Path) -> None:
    (repository / ".git" / "config").write_text("[core")

    with pytest.raises(PackagingError, match="git can't tell the commit of"):
        read_sources(repository)


@pytest.mark.parametrize("damage", ["HEAD", "branch", "link", "dangling"])
def test_a_repository_that_is_damaged_is_not_taken_for_none(repository: Path, damage: str) -> None:
    """What it ignores would be packed."""
    match damage:
        case "HEAD":
            (repository / ".git" / "HEAD").unlink()
        case "branch":
            (repository / ".git" / git(repository, "symbolic-ref", "HEAD")).write_text("")
        case "link":
            (repository / ".git").rename(repository.parent / "elsewhere")
            (repository / ".git").write_text("gitdir: /nowhere/.git/worktrees/a\n")
        case "dangling":
            (repository / ".git").rename(repository.parent / "elsewhere")
            (repository / ".git").symlink_to(repository.parent / "nowhere")

    with pytest.raises(PackagingError, match=r"git can't tell the commit of .*; mend .*/repository/\.git$"):
        read_sources(repository)


def test_a_repository_without_git_is_refused_since_what_it_ignores_is_not_known(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(
        PackagingError, match=r"^git is not on PATH, and only git tells what of .*/repository is ignored"
    ):
        read_sources(repository)
    with pytest.raises(PackagingError, match=r"^git is not on PATH"):
        read_sources(repository / "functions")
    assert git_files(repository) == [repository / ".gitignore"]


def test_an_unpacked_archive_needs_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()  # which is no repository: git passes it over
    assert read_sources(tmp_path).source is None

    monkeypatch.setenv("PATH", "")

    assert read_sources(tmp_path).source is None


def test_a_link_is_refused_by_name(repository: Path) -> None:
    (repository / "functions" / "link.py").symlink_to("/etc/passwd")

    with pytest.raises(PackagingError, match=r"^functions/link\.py is a link"):
        read_sources(repository)


@pytest.mark.parametrize(
    ("url", "repository_url"),
    [
        ("https://example.org/team/selador.git", "https://example.org/team/selador.git"),
        ("https://name:secret@example.org:8443/selador.git", "https://example.org:8443/selador.git"),
        ("https://example.org/selador.git?token=secret", "https://example.org/selador.git"),
        ("ssh://git@example.org/selador.git", "ssh://example.org/selador.git"),
        ("git@example.org:team/selador.git", "git@example.org:team/selador.git"),
        ("secret@example.org:team/selador.git", "example.org:team/selador.git"),
        ("https://name:sec/ret@example.org/selador.git", None),
        ("https://name:12/secret@example.org/selador.git", None),
        ("https://name:sec#ret@example.org/selador.git", None),
        ("https://example.org:99999/selador.git", None),
        ("https://[::1/selador.git", None),
        ("https://[::1]:8443/selador.git", "https://[::1]:8443/selador.git"),
        ("//name:secret@example.org/selador.git", None),
        ("/home/somebody/selador", None),
        ("file:///home/somebody/selador", None),
    ],
)
def test_the_repository_is_named_without_secrets(repository: Path, url: str, repository_url: str | None) -> None:
    git(repository, "remote", "add", "origin", url)

    assert source_of(repository).repository == repository_url


def test_a_release_names_what_is_not_committed(repository: Path) -> None:
    (repository / "functions" / "a.py").write_text("x = 2")
    source = source_of(repository)

    with pytest.raises(PackagingError) as refused:
        refuse_uncommitted(source)

    assert refused.value.faults == (
        (
            "a release is built from a commit; commit what is changed, or build without --release "
            "(git status doesn't show line endings, filters and overlooked files)"
        ),
        f"functions/a.py is not as in commit {source.commit[:12]}",
    )


def test_what_git_answers_from_is_watched(repository: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in git_files(repository) if path.exists()}

    git(repository, "commit", "--allow-empty", "-qm", "second")

    assert any(path.stat().st_mtime_ns != time for path, time in before.items())
    branch = Path(git(repository, "symbolic-ref", "HEAD")).name
    own = {path.name for path in before if path.is_relative_to(repository)}
    assert own == {"HEAD", branch, "index", "exclude", "config", ".gitignore"}


def test_what_a_person_ignores_everywhere_is_watched(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert {tmp_path / ".gitconfig", tmp_path / ".config" / "git" / "ignore"} <= set(git_files(repository))

    (tmp_path / ".gitconfig").write_text("[core]\nexcludesFile = ~/mine\n[include]\npath = more\n")
    (tmp_path / "more").write_text("[user]\nname = T\n")

    assert {tmp_path / "mine", tmp_path / "more"} <= set(git_files(repository))


def test_what_is_ignored_above_a_project_is_watched(tmp_path: Path) -> None:
    commit_in(tmp_path, {"selador/functions/a.py": ""})

    files = set(git_files(tmp_path / "selador"))

    assert {tmp_path / ".gitignore", tmp_path / "selador" / ".gitignore"} <= files
    assert tmp_path.parent / ".gitignore" not in files


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_commit_is_seen_though_no_log_of_commits_is_kept(repository: Path, is_packed: bool) -> None:
    git(repository, "config", "core.logAllRefUpdates", "false")
    if is_packed:
        git(repository, "pack-refs", "--all")
    watched = [path for path in git_files(repository) if "logs" not in path.parts]
    before = [path.exists() and path.stat().st_mtime_ns for path in watched]
    same_files = git(repository, "commit-tree", "HEAD^{tree}", "-m", "second")

    git(repository, "update-ref", git(repository, "symbolic-ref", "HEAD"), same_files)

    assert [path.exists() and path.stat().st_mtime_ns for path in watched] != before
