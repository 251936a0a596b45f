"""Write docs/local-fidelity.md, what the laptop stack does as AWS does and what not: `make tables`.

The cases of tests/conformance name the facts that they show; a case that is expected to fail says why. What a fact is,
and whether it has a source, is docs/aws-facts.md's to say.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path("docs") / "local-fidelity.md"
FACTS = Path("docs") / "aws-facts.md"
CASES = Path("tests") / "conformance"

_FACT = re.compile(r'^- <a id="(?P<anchor>.+?)"></a>\*\*(?P<code>.+?)\*\* \((?P<marks>.+?)\):', re.MULTILINE)

_HEAD = """# Where the laptop stack is like AWS, and where not

Written by `make tables` from the cases of [tests/conformance](../tests/conformance), which `make conformance` runs.
A case speaks to the stack as any client of AWS does: by Python's `websockets`, Node's `ws` and boto3. It names the
[facts](aws-facts.md) that it shows. `make test` runs the quick ones.

- A fact **matches** if all of its cases pass.
- It is **emulated without a source** if its cases pass, but no document says for certain what AWS does.
- It **differs** if a case of it is expected to fail. The case says why.

By part, with everything that no case shows: [API Gateway, Lambda, mappings and time](local-fidelity/data-plane.md),
[the control plane](local-fidelity/control-plane.md), [CloudWatch](local-fidelity/cloudwatch.md) and
[Bedrock](local-fidelity/bedrock.md).
"""


@dataclass(frozen=True)
class Fact:
    """A fact by its code; `is_sourced` unless it is marked as unverified."""

    code: str
    anchor: str
    is_sourced: bool


@dataclass(frozen=True)
class Case:
    """A test with the codes that it names, and the reason if it is expected to fail."""

    module: str
    name: str
    codes: tuple[str, ...]
    differs: str | None

    @property
    def link(self) -> str:
        words = self.name.removeprefix("test_").replace("_", " ")
        return f"[{words}](../{CASES.as_posix()}/{self.module})"


@dataclass(frozen=True)
class Section:
    """A module of cases; the first sentence of its docstring is the title."""

    title: str
    cases: tuple[Case, ...]


def facts(document: str) -> dict[str, Fact]:
    """Return the facts of docs/aws-facts.md by their codes."""
    return {
        found["code"]: Fact(found["code"], found["anchor"], "unverified" not in found["marks"])
        for found in _FACT.finditer(document)
    }


def section(module: str, source: str) -> Section:
    """Read a module of cases. Raises ValueError if a case names no fact."""
    tree = ast.parse(source)
    title = (ast.get_docstring(tree) or module).partition(":")[0].splitlines()[0].rstrip(".")
    return Section(title.partition(", by ")[0], tuple(_cases(module, tree)))


def _cases(module: str, tree: ast.Module) -> Iterator[Case]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            codes: tuple[str, ...] = ()
            differs = None
            for decorator in (made for made in node.decorator_list if isinstance(made, ast.Call)):
                called = ast.unparse(decorator.func)
                if called == "fact":
                    codes = tuple(ast.literal_eval(argument) for argument in decorator.args)
                elif called == "pytest.mark.xfail":
                    differs = next(ast.literal_eval(word.value) for word in decorator.keywords if word.arg == "reason")
            if not codes:
                raise ValueError(f"{module}: {node.name} names no fact; decorate it with @fact")
            yield Case(module, node.name, codes, differs)


def page(known: dict[str, Fact], sections: Sequence[Section]) -> str:
    """Return the page."""
    shown = {code for part in sections for case in part.cases for code in case.codes}
    differing = {code for part in sections for case in part.cases if case.differs for code in case.codes}
    assumed = {code for code in shown - differing if not known[code].is_sourced}
    matching = shown - differing - assumed
    unsure = f"{len(assumed)} are emulated without a source, {len(differing)} differ"
    lines = [
        _HEAD,
        f"**{len(shown)} facts** are shown in {len(sections)} sections: {len(matching)} match, {unsure}.",
        "",
        "| section | cases | match | without a source | differ |",
        "|---|---|---|---|---|",
    ]
    for part in sections:
        codes = {code for case in part.cases for code in case.codes}
        counts = [len(codes - differing - assumed), len(codes & assumed), len(codes & differing)]
        lines.append(f"| {part.title} | {len(part.cases)} | {' | '.join(map(str, counts))} |")
    lines += [
        "",
        "A fact that two sections show counts in both, and once in the sum.",
        "",
        "## What differs, and why",
        "",
    ]
    lines += ["| fact | why | case |", "|---|---|---|"]
    for part in sections:
        lines += (f"| {_links(case, known)} | {case.differs} | {case.link} |" for case in part.cases if case.differs)
    for part in sections:
        lines += ["", f"## {part.title}", "", "| fact | case | |", "|---|---|---|"]
        for case in part.cases:
            verdict = "differs" if case.differs else "" if set(case.codes).isdisjoint(assumed) else "without a source"
            lines.append(f"| {_links(case, known)} | {case.link} | {verdict} |")
    return "\n".join(lines) + "\n"


def _links(case: Case, known: dict[str, Fact]) -> str:
    return ", ".join(f"[{code}](aws-facts.md#{known[code].anchor})" for code in case.codes)


def written(root: Path) -> str:
    """Return the page as the tree under `root` has it."""
    known = facts((root / FACTS).read_text(encoding="utf-8"))
    modules = sorted((root / CASES).glob("test_*.py"))
    return page(known, [section(path.name, path.read_text(encoding="utf-8")) for path in modules])


def main(arguments: Sequence[str], root: Path) -> int:
    """Write the page; return the exit status."""
    argparse.ArgumentParser(prog="generate_local_fidelity.py", description=__doc__).parse_args(arguments)
    new = written(root)
    document = root / DOCUMENT
    if not document.exists() or document.read_text(encoding="utf-8") != new:
        document.write_text(new, encoding="utf-8")
        print(f"wrote {DOCUMENT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
