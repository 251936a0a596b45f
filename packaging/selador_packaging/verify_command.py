"""Rebuild the artifacts from scratch elsewhere and compare them with those in dist, member by member and then whole.

Without options, once for each circumstance that must not matter: directory, umask, time zone, locale, order of files,
their times, hash seed, warnings, zlib, and each other CPython 3.13 of this machine, whose bytecode is left aside if its
micro version is another. With --against, once, against artifacts or a manifest that you were handed. With --same,
nothing is built: the folders are compared with each other.

Before it rebuilds, it asks GitHub who signed the manifest, and prints the answer: also that there is no signature, or
that it can't be checked.

Exit status: 0 when all is the same; 1 when anything differs, can't be read or can't be built, when a signature is
wrong, or with --signed when there is none or it can't be checked; 2 for wrong usage; 130 on Ctrl-C.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from selador_packaging.circumstances import PLAIN, Circumstance, circumstances, copy_project
from selador_packaging.comparison import compare_builds, compare_to_manifest, read_manifest
from selador_packaging.errors import SHOWN, PackagingError
from selador_packaging.signature import Verdict, find_signature
from selador_packaging.wording import counted

_LEAST_FOLDERS = 2


def main(project: Path, words: list[str]) -> int:
    """Verify as the command line `words` says; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="verify_artifacts.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--against", type=Path, metavar="DIR|MANIFEST", help="what was handed to you")
    choice.add_argument(
        "--same", type=Path, nargs="*", metavar="DIR", help="two folders or more that must hold the same artifacts"
    )
    parser.add_argument("--signed", action="store_true", help="fail unless GitHub has signed it, and that was checked")
    arguments = parser.parse_args(words)
    if arguments.same is not None and len({folder.resolve() for folder in arguments.same}) < _LEAST_FOLDERS:
        given = " ".join(map(str, arguments.same))
        parser.error(f"FOLDERS is {given!r}: one folder is like itself; give two or more, each another one")
    try:
        if arguments.same is not None:
            return compare_folders(arguments.same)
        expected = arguments.against or project / "dist"
        check_signature(project, expected, wanted=arguments.signed)
        return verify(project, expected, [PLAIN] if arguments.against else circumstances())
    except PackagingError as error:
        print(f"verify_artifacts: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"verify_artifacts: cannot use {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("verify_artifacts: interrupted", file=sys.stderr)
        return 130


def check_signature(project: Path, expected: Path, *, wanted: bool) -> None:
    """Print what is known of the signature. Raises PackagingError if it is wrong, or `wanted` and not there.

    Raises it, too, if the files are not those of one build: a build that was killed leaves new ones beside old ones.
    """
    path, _ = read_manifest(expected)
    if lies := compare_to_manifest(expected):
        raise PackagingError(
            f"{path.parent} doesn't hold one whole build; run make artifacts, or get again what was handed to you",
            *lies,
        )
    signature = find_signature(path, project)
    if signature.verdict is Verdict.WRONG or (wanted and signature.verdict is not Verdict.SIGNED):
        raise PackagingError(str(signature))
    print(signature, flush=True)


def verify(project: Path, expected: Path, rows: Sequence[Circumstance]) -> int:
    """Print a line for each of `rows`; returns the exit status. Raises PackagingError where nothing can be compared."""
    path, manifest = read_manifest(expected)
    if not (project / "build" / "wheels").is_dir():
        raise PackagingError("no wheel was fetched yet; run make artifacts first")
    architecture = manifest["target"]["architecture"]
    print(f"rebuilding {path.parent} for {architecture}, {counted(len(rows), 'time')}", file=sys.stderr)
    failed = 0
    for row in rows:
        begun = time.perf_counter()
        differences = _rebuild(project, row, architecture, expected)
        failed += bool(differences)
        print(
            f"{'differs' if differences else 'same   '}  {row.name} ({time.perf_counter() - begun:.0f} s)", flush=True
        )
        _print_some(differences)
    print(f"{len(rows) - failed} of {counted(len(rows), 'rebuild')} gave the same bytes")
    return 1 if failed else 0


def compare_folders(folders: Sequence[Path]) -> int:
    """Print how each folder differs from the first; returns the exit status."""
    failed = 0
    for folder in folders:
        differences = [*compare_to_manifest(folder), *compare_builds(folders[0], folder)]
        failed += bool(differences)
        print(f"{'differs' if differences else 'same   '}  {folder}")
        _print_some(differences)
    return 1 if failed else 0


def _print_some(differences: Sequence[str]) -> None:
    for difference in differences[:SHOWN]:
        print(f"         {difference}")
    if len(differences) > SHOWN:
        print(f"         and {len(differences) - SHOWN} more")


def _rebuild(project: Path, row: Circumstance, architecture: str, expected: Path) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="selador verify ") as folder:
        copy, startup = Path(folder) / "a longer way" / "to the project", Path(folder) / "startup"
        umask = os.umask(row.umask)
        try:
            copy_project(project, copy, row)
        finally:
            os.umask(umask)
        startup.mkdir()
        (startup / "sitecustomize.py").write_text(row.startup, encoding="utf-8")
        python_path = os.pathsep.join(filter(None, (str(startup), row.environment.get("PYTHONPATH"))))
        run = subprocess.run(
            [
                *row.python,
                *(str(copy / "packaging" / "build_artifacts.py"), "--architecture", architecture),
                *("--output", str(copy / "dist")),
            ],
            cwd=folder,
            env={**os.environ, **row.environment, "PYTHONPATH": python_path},
            umask=row.umask,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            return [f"the build failed: {line}" for line in run.stderr.splitlines()[-3:]]
        return compare_builds(expected, copy / "dist", bytecode=row.is_bytecode_compared)
