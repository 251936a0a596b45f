"""Build dist/*.zip, their SBOMs, dist/manifest.json and dist/provenance.intoto.json; --help tells more."""

import sys
from os.path import dirname, realpath

PROJECT = dirname(dirname(realpath(__file__)))  # noqa: PTH120  pathlib's import would take longer than the answer
# Python does so itself, unless PYTHONSAFEPATH is set; then the installed builder may be another checkout's.
sys.path.insert(0, f"{PROJECT}/packaging")

from selador_packaging import unchanged  # noqa: E402

if __name__ == "__main__":
    if (printed := unchanged.recall(PROJECT, sys.argv[1:])) is not None:
        print("nothing changed", file=sys.stderr)
        try:
            print(printed, end="", flush=True)
        except OSError as error:
            sys.exit(f"build_artifacts: the artifacts are as they were; to print the table failed: {error}")
        sys.exit(0)
    from selador_packaging.build_command import main

    sys.exit(main(PROJECT, sys.argv[1:]))
