"""Build dist/websocket_handler.zip, dist/main.zip and dist/manifest.json from the sources and requirements.txt.

Same sources and same lock give the same bytes, on any machine. Progress goes to stderr, the result to stdout.
Exit status: 1 when the build was refused (nothing in the output folder was changed), 2 for wrong usage, 130 on Ctrl-C.
"""

import argparse
import platform
import sys
import time
from pathlib import Path

from selador_packaging.artifacts import build_artifacts, publish
from selador_packaging.errors import PackagingError
from selador_packaging.manifest import FILENAME, write_manifest, write_table
from selador_packaging.target import MACHINES, Target, architecture_of

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    arguments = parse_arguments()
    try:
        build(arguments)
    except PackagingError as error:
        return fail(str(error), 1)
    except OSError as error:
        return fail(f"cannot use {error.filename or 'a file'}: {error.strerror or error}; no artifact was changed", 1)
    except KeyboardInterrupt:
        return fail("interrupted", 130)
    return 0


def build(arguments: argparse.Namespace) -> None:
    host = arguments.architecture == "host"
    target = Target(architecture_of(platform.machine()) if host else arguments.architecture)
    artifacts = build_artifacts(PROJECT, target, report, time.perf_counter)
    manifest = write_manifest(artifacts, target)
    files = {artifact.filename: artifact.content for artifact in artifacts} | {FILENAME: f"{manifest}\n".encode()}
    changed = publish(files, arguments.output)
    report(f"{arguments.output}: {', '.join(changed) if changed else 'nothing'} changed, for {target}")
    print(manifest if arguments.json else write_table(artifacts))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--architecture",
        choices=[*MACHINES, "host"],
        default="arm64",
        help="what Lambda will run on; host: this machine's (default: %(default)s)",
    )
    parser.add_argument("--output", type=Path, default=PROJECT / "dist", help="folder to write to (default: dist)")
    parser.add_argument("--json", action="store_true", help="print the manifest instead of a table")
    return parser.parse_args()


def report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def fail(sentence: str, status: int) -> int:
    print(f"build_artifacts: {sentence}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
