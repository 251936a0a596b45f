"""Which files the artifacts are made from, and which commit holds them, as git tells it.

Contents are read once, here: what is packed is what was compared with the commit's tree. Neither git's index nor a
file's time is asked, so an edit that git was told to overlook is seen as well.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from selador_packaging.errors import PackagingError

FUNCTIONS = "functions"
LOCK = "requirements.txt"
_BUILDER = "packaging"
INPUTS = (FUNCTIONS, _BUILDER, LOCK)
"""All of the project that decides the artifacts."""

_UNBORN = "does not have any commits yet"
_MODES = {False: "100644", True: "100755"}  # git's, by whether a file is executable
_IMPORTED = (".py", ".pyc", ".so")
_BLOB_HASHES = {40: "sha1", 64: "sha256"}  # by the length of an object's name
_SSH_SHORTHAND = re.compile(r"(?:(git@)|[\w.-]+@)([\w.-]+:[^/@][^@]*)")  # git@example.org:team/selador.git


@dataclass(frozen=True)
class SourceFile:
    content: bytes
    is_executable: bool = False

    def write(self, path: Path) -> None:
        """Write it to `path`, with the folders above; the umask has its say."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o777 if self.is_executable else 0o666)
        path.write_bytes(self.content)


@dataclass(frozen=True)
class Source:
    """A commit, where others can get it, and the paths among INPUTS that differ from it."""

    commit: str
    repository: str | None = None
    changed: tuple[str, ...] = ()

    @property
    def is_dirty(self) -> bool:
        return bool(self.changed)


@dataclass(frozen=True)
class Sources:
    """The files among INPUTS by their paths; `source` is None where no commit holds the project.

    In a checkout these are the files that git lists; `ignored` are those below FUNCTIONS that it ignores, and `absent`
    those that it lists and that aren't there, as in a sparse checkout.
    """

    files: Mapping[str, SourceFile]
    source: Source | None
    ignored: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def read_sources(project: Path) -> Sources:
    """Read what decides the artifacts of `project`.

    Raises PackagingError for what is no plain file, and where git has a repository here but can't read it.
    """
    commit = _find_commit(project)
    held = _read_tree(project, commit) if commit else {}
    if not commit or not held:  # the repository around it is another project's
        return Sources(_read_files(project, _walk(project)), None)
    listed = _list(project, "--cached", "--others", "--exclude-standard", "--", *INPUTS)
    absent = tuple(path for path in listed if not os.path.lexists(project / path))
    files = _read_files(project, (path for path in listed if path not in absent))
    length = len(commit)
    found = {path: (_MODES[file.is_executable], _blob_id(file.content, length)) for path, file in files.items()}
    changed = sorted(path for path in held.keys() | found.keys() if held.get(path) != found.get(path))
    ignored = _list(project, "--others", "--ignored", "--exclude-standard", "--", FUNCTIONS, _BUILDER)
    ignored = [path for path in ignored if "__pycache__" not in path]
    # Whatever lies there comes first on the builder's import path, so it decides the artifacts as well. A folder is a
    # link or a repository of its own.
    beside = [path for path in ignored if path.startswith(f"{_BUILDER}/")]
    changed += [path for path in beside if path.endswith(_IMPORTED) or (project / path).is_dir()]
    return Sources(
        files,
        Source(commit, find_repository(project), tuple(changed)),
        tuple(path for path in ignored if path.startswith(f"{FUNCTIONS}/")),
        absent,
    )


def refuse_uncommitted(source: Source | None) -> None:
    """Raise PackagingError unless a commit holds all that decides the artifacts, for releases."""
    if source is None:
        raise PackagingError("a release is built from a commit, and no commit holds this folder; build in a checkout")
    if source.changed:
        raise PackagingError(
            "a release is built from a commit; commit what is changed, or build without --release "
            "(git status doesn't show line endings, filters and overlooked files)",
            *(f"{path} is not as in commit {source.commit[:12]}" for path in source.changed),
        )


def git_files(project: Path) -> list[Path]:
    """The files of git's own that change with the commit, the list of files, or what is ignored."""
    # Without a reflog, only the branch's own file, or the one of all, tells of a commit.
    names = ["HEAD", "logs/HEAD", "index", "info/exclude", "config", "packed-refs", "reftable/tables.list"]
    branch = _git(project, "symbolic-ref", "--quiet", "HEAD")
    names += branch.stdout.split() if branch else []
    paths = (it for name in names for it in ("--git-path", name))
    run = _git(project, "rev-parse", "--path-format=absolute", "--show-toplevel", *paths)
    if run is None or run.returncode:
        return [project / ".gitignore"]
    top, *found = map(Path, run.stdout.splitlines())
    above = [folder / ".gitignore" for folder in (project, *project.parents) if folder.is_relative_to(top)]
    return [*found, *_settings(project), *above]


def _settings(project: Path) -> list[Path]:
    """The files of a person's and the machine's settings, and the one that says what this person ignores everywhere."""
    home = Path(os.environ.get("HOME", "/"))  # git knows no other
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git"
    listed = _git(project, "config", "--list", "--show-origin", "--name-only", "-z")
    origins = listed.stdout.split("\0")[::2] if listed else []
    files = {it.removeprefix("file:") for it in origins if it.startswith("file:")}
    excludes = _git(project, "config", "--type=path", "--get", "core.excludesFile")
    named = excludes.stdout.splitlines() if excludes else []
    return [
        home / ".gitconfig",
        folder / "config",
        folder / "ignore",
        *(project / it for it in sorted({*files, *named})),
    ]


def _find_commit(project: Path) -> str | None:
    """The commit that is checked out; None outside of a repository, and before its first commit.

    Raises PackagingError if there is a repository that can't be asked: then what it ignores would be packed.
    """
    run = _git(project, "rev-parse", "--verify", "HEAD")
    if run is not None and not run.returncode:
        return run.stdout.strip()
    place = _find_repository_folder(project)
    if place is None:
        return None
    if run is None:
        raise PackagingError(
            f"git is not on PATH, and only git tells what of {place.parent} is ignored; install it, or build in a copy "
            "without .git"
        )
    log = _git(project, "log", "--max-count=1")  # which tells a branch without a commit from a broken one
    if log is not None and _UNBORN in log.stderr:
        return None
    raise PackagingError(f"git can't tell the commit of {project}: {run.stderr.strip()}; mend {place}")


def _find_repository_folder(project: Path) -> Path | None:
    """The `.git` in `project` or above, on the same file system, as git looks for it: a link, or with objects in it."""
    device = project.stat().st_dev
    for folder in (project, *project.parents):
        if folder.stat().st_dev != device:
            return None
        place = folder / ".git"
        if place.is_symlink() or place.is_file() or (place / "objects").exists():
            return place
    return None


def _read_tree(project: Path, commit: str) -> dict[str, tuple[str, str]]:
    """Mode and object name of each of INPUTS' files in `commit`, by path."""
    tree = {}
    for entry in _ask(project, "ls-tree", "-r", "-z", commit, "--", *INPUTS).split("\0"):
        if entry:
            about, _, path = entry.partition("\t")
            mode, _, name = about.split()
            tree[path] = (mode, name)
    return tree


def _list(project: Path, *options: str) -> list[str]:
    return sorted({path for path in _ask(project, "ls-files", "-z", *options).split("\0") if path})


def find_repository(project: Path) -> str | None:
    """Where `origin` lies, without names and passwords; None for a folder of this machine, which nobody else has."""
    run = _git(project, "config", "--get", "remote.origin.url")
    url = run.stdout.strip() if run else ""
    if short := _SSH_SHORTHAND.fullmatch(url):
        return f"{short[1] or ''}{short[2]}"
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # where a password has a / or #, a part of it is taken for the port
        return None
    if not parts.scheme or not parts.hostname or parts.scheme == "file" or "@" in parts.path:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _walk(project: Path) -> Iterator[str]:
    for name in INPUTS:
        if (project / name).is_file():
            yield name
        for folder, folders, files in (project / name).walk():
            folders[:] = sorted(it for it in folders if it != "__pycache__")
            yield from ((folder / it).relative_to(project).as_posix() for it in sorted(files))


def _read_files(project: Path, paths: Iterable[str]) -> dict[str, SourceFile]:
    files, faults = {}, []
    for path in paths:
        place = project / path
        if place.is_symlink() or not place.is_file():
            faults.append(f"{path} is a link or a repository of its own; only plain files are packed")
        elif not _is_utf8(path):
            faults.append(f"{path!a} has a name that is no UTF-8, as names in a zip are; rename it")
        else:
            files[path] = SourceFile(place.read_bytes(), bool(place.stat().st_mode & 0o100))
    if faults:
        raise PackagingError(*faults)
    return files


def _is_utf8(path: str) -> bool:
    """Whether the system gave the name's bytes as text, not as surrogates for what it can't read."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _blob_id(content: bytes, length: int) -> str:
    """The name that git gives a file of this content."""
    return hashlib.new(_BLOB_HASHES[length], b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _ask(project: Path, *arguments: str) -> str:
    run = _git(project, *arguments)
    if run is None or run.returncode:
        raise PackagingError(f"git {arguments[0]} failed in {project}: {run.stderr.strip() if run else 'git is gone'}")
    return run.stdout


def _git(project: Path, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    """Run git on the repository that `project` lies in; None where git isn't installed.

    Inside a hook, git's own variables name another repository or index, so it is run without them.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"}
    # A monitor of the file system is a program that the repository names; nothing here needs it. Names that differ in
    # case are two files here and on Lambda, and git as it is set on a Mac may take one for the other.
    settings = ("-c", "core.fsmonitor=false", "-c", "core.ignoreCase=false")
    options = ("--no-optional-locks", "--no-replace-objects", *settings)
    command = ["git", *options, "-C", str(project), *arguments]
    try:
        return subprocess.run(
            command, env=environment, capture_output=True, encoding="utf-8", errors="surrogateescape", check=False
        )
    except FileNotFoundError:
        return None
