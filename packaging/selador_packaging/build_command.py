"""Build dist/*.zip, their SBOMs, dist/manifest.json and dist/provenance.intoto.json from the sources and the lock.

Same sources, same lock and same CPython micro version give the same bytes, on any machine. What did not change since
the last build is not touched. Progress goes to stderr, the result to stdout.

Exit status: 0 when the artifacts are up to date, or --explain has an answer; 1 when the build was refused or failed; 2
for wrong usage; 130 on Ctrl-C or SIGTERM. After 1 the output folder is as it was, unless stderr says that the artifacts
are built or that files were moved already.
"""

import argparse
import os
import platform
import signal
import sys
import sysconfig
import time
from collections.abc import Iterable
from pathlib import Path

from selador_packaging import manifest, provenance, unchanged
from selador_packaging.artifacts import Build, build_artifacts
from selador_packaging.bytecode import refuse_unpinned
from selador_packaging.cache import open_cache
from selador_packaging.errors import PackagingError
from selador_packaging.output import publish
from selador_packaging.sbom import get_sbom
from selador_packaging.source import INPUTS, Source, Sources, git_files, read_sources, refuse_uncommitted
from selador_packaging.tables import explain, write_table
from selador_packaging.target import MACHINES, Target, architecture_of


def main(project: str, words: list[str]) -> int:
    """Build `project` as the command line `words` says; returns the exit status."""
    arguments = parse_arguments(words, Path(project))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a CI that cancels: what is half made is removed as well
    try:
        build(Path(project), words, arguments)
    except PackagingError as error:
        return fail(str(error), 1)
    except OSError as error:
        # A file that was opened has no name in its error any more: all that is written before publishing lies there.
        place = error.filename or f"a file below {Path(project, 'build')}"
        return fail(f"cannot use {place}: {error.strerror or error}; no artifact was changed", 1)
    except KeyboardInterrupt:
        return fail("interrupted", 130)
    return 0


def build(project: Path, words: list[str], arguments: argparse.Namespace) -> None:
    host = arguments.architecture == "host"
    target = Target(architecture_of(platform.machine()) if host else arguments.architecture)
    if arguments.release:
        refuse_unpinned(project / "packaging" / ".python-version")
        refuse_import_path(os.environ.get("PYTHONPATH"))
    read = unchanged.observe([str(path) for path in _inputs(project)])
    sources = read_sources(project)
    if arguments.release:
        refuse_uncommitted(sources.source)
    report_sources(sources)
    made = build_artifacts(project, sources.files, target, report, time.perf_counter)
    if arguments.explain:
        print(explain(made, arguments.explain))
        return
    files = make_files(project, made, sources.source, is_release=arguments.release)
    changed = publish(files, arguments.output)
    report(f"{arguments.output}: {', '.join(changed) if changed else 'nothing'} changed, for {target}")
    printed = files[manifest.FILENAME].decode() if arguments.json else f"{write_table(made.artifacts)}\n"
    try:
        print(printed, end="", flush=True)
        if read is not None:
            written = [str(arguments.output), *(str(arguments.output / name) for name in files)]
            unchanged.remember(str(project), words, read, written, printed)
    except OSError as error:
        raise PackagingError(f"the artifacts are built; what comes after that failed: {error}") from error


def refuse_import_path(path: str | None) -> None:
    """Raise PackagingError for a PYTHONPATH, for releases: what lies there comes before the tools that they name."""
    if path:
        raise PackagingError(
            f"a release is built by the installed tools, and PYTHONPATH ({path}) may bring others; "
            "unset it, or build without --release"
        )


def make_files(project: Path, made: Build, source: Source | None, *, is_release: bool) -> dict[str, bytes]:
    """Everything that a build publishes, by filename. The manifest is last: until it is there, the old one refuses."""
    cache = open_cache(project, str(made.interpreter))
    sboms = {artifact.sbom_filename: get_sbom(artifact, made.target, cache) for artifact in made.artifacts}
    files = {artifact.filename: artifact.content for artifact in made.artifacts} | sboms
    described = {manifest.FILENAME: f"{manifest.write_manifest(made, source, sboms)}\n".encode()}
    statement = provenance.write_provenance(made, source, files | described, is_release=is_release)
    return files | {provenance.FILENAME: f"{statement}\n".encode()} | described


def _inputs(project: Path) -> Iterable[Path]:
    for name in INPUTS:
        yield project / name
        for folder, folders, files in (project / name).walk():
            folders[:] = [it for it in folders if it != "__pycache__"]
            yield from (folder / it for it in (*folders, *files))
    yield Path(sysconfig.get_path("purelib"))  # what builds: pip changes it
    yield from git_files(project)


def parse_arguments(words: list[str], project: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="build_artifacts.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--architecture",
        choices=[*MACHINES, "host"],
        default="arm64",
        help="what Lambda will run on; host: this machine's (default: %(default)s)",
    )
    parser.add_argument("--output", type=Path, default=project / "dist", help="folder to write to (default: dist)")
    parser.add_argument(
        "--release",
        action="store_true",
        help="refuse another Python than packaging/.python-version names, a PYTHONPATH, and what is not committed",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print the manifest instead of a table")
    output.add_argument("--explain", metavar="PACKAGE", help="write nothing; tell why a package is in the artifacts")
    return parser.parse_args(words)


def report_sources(sources: Sources) -> None:
    if sources.source is None:
        report("no commit holds this folder, so every file in it is packed and the manifest names no source")
    if sources.absent:
        report(f"not packed, since they are not there, though git lists them: {', '.join(sources.absent)}")
    if sources.ignored:
        report(f"not packed, since git ignores them: {', '.join(sources.ignored)}")


def report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def fail(sentence: str, status: int) -> int:
    print(f"build_artifacts: {sentence}", file=sys.stderr)
    return status
