"""Write what `make cost` prints into docs/cost.md: `make tables`."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from generated import Markers, write

from selador_deploy.cli import main as deploy

MARKERS = Markers("<!-- make cost:begin -->", "<!-- make cost:end -->")
DOCUMENT = Path("docs") / "cost.md"


def printed(root: Path) -> str:
    """Return what the command prints for the repository at `root`, whatever the shell's variables say."""
    with redirect_stdout(StringIO()) as output:
        deploy(["cost"], root, {})
    return output.getvalue()


def renewed(document: str, output: str) -> str:
    """Return the document with the output replaced. Raises ValueError if it lacks the markers."""
    return MARKERS.renewed(document, f"```\n{output}```")


def main(arguments: Sequence[str], root: Path) -> int:
    """Write the output; return the exit status."""
    argparse.ArgumentParser(prog="generate_cost_table.py", description=__doc__).parse_args(arguments)
    write(root, DOCUMENT, renewed((root / DOCUMENT).read_text(encoding="utf-8"), printed(root)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
