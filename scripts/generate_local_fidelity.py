"""Write docs/local-fidelity.md, what the laptop stack does as AWS does and what not: `make tables`.

The cases of tests/conformance name the facts that they show; a case that is expected to fail says why. What a fact is,
and whether it has a source, is docs/aws-facts.md's to say. What is known and no case shows is in
tests/conformance/without_a_case.toml.
"""

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from generated import write

DOCUMENT = Path("docs") / "local-fidelity.md"
FACTS = Path("docs") / "aws-facts.md"
CASES = Path("tests") / "conformance"
WITHOUT_A_CASE = CASES / "without_a_case.toml"

_FACT = re.compile(
    r'^- <a id="(?P<anchor>.+?)"></a>\*\*(?P<code>.+?)\*\* \((?P<marks>.+?)\):(?P<text>.*?)(?=^- |^$|\Z)',
    re.MULTILINE | re.DOTALL,
)
_UNVERIFIED = re.compile(r"Unverified: (?P<text>.*?)(?: \[[^]]*\])?$")

_HEAD = """# Where the laptop stack is like AWS, and where not

Written by `make tables` from the cases of [tests/conformance](../tests/conformance), which `make conformance` runs.
A case speaks to the stack as any client of AWS does: by Python's `websockets`, Node's `ws`, boto3 and the AWS CLI. It
names the [facts](aws-facts.md) that it shows.

- A fact **matches** if all of its cases pass.
- It is **emulated without a source** if its cases pass, but no document says for certain what AWS does.
- It **differs** if a case of it is expected to fail. The case says why.

What is known and no case shows stands beside them. Everything that is not named here is meant to behave as on AWS: a
difference that bites is a bug.
"""


@dataclass(frozen=True)
class Fact:
    """A fact by its code; `unverified` is the part that no source says, None if there is none."""

    code: str
    anchor: str
    unverified: str | None = None

    @property
    def link(self) -> str:
        return f"[{self.code}]({FACTS.name}#{self.anchor})"


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
class Difference:
    """What is otherwise than on AWS, and no case shows."""

    what: str
    here: str
    aws: str


@dataclass(frozen=True)
class Section:
    """A module of cases; the first sentence of its docstring is the title. The rest is known, and no case shows it."""

    title: str
    cases: tuple[Case, ...]
    alike: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    differs: tuple[Difference, ...] = ()

    @property
    def codes(self) -> set[str]:
        return {code for case in self.cases for code in case.codes}


def facts(document: str) -> dict[str, Fact]:
    """Return the facts of docs/aws-facts.md by their codes."""
    return {
        found["code"]: Fact(
            found["code"], found["anchor"], _unverified(found["marks"], " ".join(found["text"].split()))
        )
        for found in _FACT.finditer(document)
    }


def _unverified(marks: str, text: str) -> str | None:
    if "unverified" not in marks:
        return None
    part = _UNVERIFIED.search(text)
    return part["text"] if part else text


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


def with_the_rest(sections: dict[str, Section], known: str) -> list[Section]:
    """Give the sections, by their modules' names, what no case shows. Raises ValueError if one isn't there."""
    rest = tomllib.loads(known)
    if strangers := rest.keys() - sections.keys():
        raise ValueError(f"{WITHOUT_A_CASE}: no module of cases is named {', '.join(sorted(strangers))}")
    return [_with_the_rest(part, **rest.get(name, {})) for name, part in sections.items()]


def _with_the_rest(
    part: Section,
    *,
    alike: Sequence[str] = (),
    assumed: Sequence[str] = (),
    differs: Sequence[dict[str, str]] = (),
) -> Section:
    return replace(
        part, alike=tuple(alike), assumed=tuple(assumed), differs=tuple(Difference(**one) for one in differs)
    )


def page(known: dict[str, Fact], sections: Sequence[Section]) -> str:
    """Return the page."""
    shown = {code for part in sections for code in part.codes}
    differing = {code for part in sections for case in part.cases if case.differs for code in case.codes}
    assumed = {code for code in shown - differing if known[code].unverified is not None}
    lines = [
        _HEAD,
        *_counts(sections, differing, assumed),
        *("", "## What differs, and why", ""),
        *_differences(known, sections),
        *("", "## What is emulated without a source", ""),
        *_assumptions(known, sections, assumed),
    ]
    for part in sections:
        lines += ["", f"## {part.title}", "", "| fact | case | |", "|---|---|---|"]
        for case in part.cases:
            verdict = "differs" if case.differs else "" if set(case.codes).isdisjoint(assumed) else "without a source"
            lines.append(f"| {_links(case, known)} | {case.link} | {verdict} |")
        if part.alike:
            lines += ["", "As on AWS, too, though no case shows it:", "", *(f"- {line}" for line in part.alike)]
    return "\n".join(lines) + "\n"


def _counts(sections: Sequence[Section], differing: set[str], assumed: set[str]) -> Iterator[str]:
    shown = {code for part in sections for code in part.codes}
    matching = len(shown - differing - assumed)
    unsure = f"{len(assumed)} are emulated without a source, {len(differing)} differ"
    yield f"**{len(shown)} facts** are shown in {len(sections)} sections: {matching} match, {unsure}."
    rest = [sum(map(len, group)) for group in zip(*map(_rest, sections), strict=True)]
    yield (
        f"Of what no case shows, {rest[0]} points are alike, {rest[1]} are emulated without a source, {rest[2]} differ."
    )
    yield ""
    yield "| section | cases | match | without a source | differ | no case: alike | without a source | differ |"
    yield "|---|---|---|---|---|---|---|---|"
    for part in sections:
        counts = [len(part.codes - differing - assumed), len(part.codes & assumed), len(part.codes & differing)]
        cells = [len(part.cases), *counts, *map(len, _rest(part))]
        yield f"| {part.title} | {' | '.join(map(str, cells))} |"
    yield ""
    yield "A fact that two sections show counts in both, and once in the sum."


def _rest(part: Section) -> tuple[Sequence[object], ...]:
    return part.alike, part.assumed, part.differs


def _differences(known: dict[str, Fact], sections: Sequence[Section]) -> Iterator[str]:
    yield "| fact | why | case |"
    yield "|---|---|---|"
    for part in sections:
        yield from (f"| {_links(case, known)} | {case.differs} | {case.link} |" for case in part.cases if case.differs)
    yield ""
    yield "No case shows these:"
    yield ""
    yield "| section | what | here | on AWS |"
    yield "|---|---|---|---|"
    for part in sections:
        yield from (f"| {part.title} | {one.what} | {one.here} | {one.aws} |" for one in part.differs)


def _assumptions(known: dict[str, Fact], sections: Sequence[Section], assumed: set[str]) -> Iterator[str]:
    yield "| fact | unverified | cases |"
    yield "|---|---|---|"
    for code in sorted(assumed):
        cases = ", ".join(case.link for part in sections for case in part.cases if code in case.codes)
        yield f"| {known[code].link} | {known[code].unverified} | {cases} |"
    yield ""
    yield "No case shows these choices; the code says at each place why:"
    yield ""
    for part in sections:
        yield from (f"- {part.title}: {line}" for line in part.assumed)


def _links(case: Case, known: dict[str, Fact]) -> str:
    return ", ".join(known[code].link for code in case.codes)


def written(root: Path) -> str:
    """Return the page as the tree under `root` has it."""
    known = facts((root / FACTS).read_text(encoding="utf-8"))
    modules = sorted((root / CASES).glob("test_*.py"))
    sections = {
        path.stem.removeprefix("test_"): section(path.name, path.read_text(encoding="utf-8")) for path in modules
    }
    return page(known, with_the_rest(sections, (root / WITHOUT_A_CASE).read_text(encoding="utf-8")))


def main(arguments: Sequence[str], root: Path) -> int:
    """Write the page; return the exit status."""
    argparse.ArgumentParser(prog="generate_local_fidelity.py", description=__doc__).parse_args(arguments)
    write(root, DOCUMENT, written(root))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
