"""The documents stay true: links lead somewhere, paths, tests and targets that they name exist, sentences are short."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    str(path.relative_to(PROJECT))
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "client/*/*.md", "terraform/**/*.md", "tests/*.md")
    for path in PROJECT.glob(pattern)
)
LONGEST_SENTENCE = 35  # words

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_PATH = re.compile(r"[\w.{},*-]+(?:/[\w.{},*-]+)+/?")
_MAKE = re.compile(r"\bmake((?: [a-z][a-z-]*)+)(?![\w=])")
# No part of a sentence: comments and anchors, the head of a fact about AWS, its sources.
_APPARATUS = re.compile(r"<(?!br>)[^>]+>|\*\*[A-Z]+-\d+\*\* \([^)]*\):|\[[^\]]*\](?!\()")
_TEST = re.compile(r"test_[a-z0-9_]+")
_TABLE = re.compile(r"^\|.*\n(?:\|.*\n?)*", re.MULTILINE)
_BORDER = re.compile(r"(?<!\\)\|")  # of a cell, also between backticks


def read(document: str) -> str:
    return (PROJECT / document).read_text(encoding="utf-8")


def prose(document: str) -> str:
    """Return the document without its blocks of code."""
    return _FENCED.sub("", read(document))


def named(document: str) -> list[str]:
    """Return what stands in backticks in the prose."""
    return _CODE.findall(prose(document))


@cache
def roots() -> tuple[Path, ...]:
    """Return the folders that a path may be relative to: the repository, Terraform's, and each Python package."""
    return PROJECT, PROJECT / "terraform", *PROJECT.glob("*/selador_*"), *PROJECT.glob("functions/*/selador_*")


def alternatives(path: str) -> Iterator[str]:
    """Yield the paths that `a/{b,c}` stands for."""
    pieces = re.split(r"\{([^}]*)\}", path)
    choices = [piece.split(",") if odd % 2 else [piece] for odd, piece in enumerate(pieces)]
    yield from map("".join, product(*choices))


def exists(path: str) -> bool:
    """Return whether `path`, maybe a pattern, is in the repository; True for what is no path of its own."""
    first = path.partition("/")[0]
    known = [
        root for root in roots() if (root / first).exists() and first not in {"__pycache__", ".local"}
    ]  # made, never committed
    return not known or any(any(root.glob(path.rstrip("/"))) for root in known)


def anchors(document: str) -> set[str]:
    """Return the anchors of the document's headings, as GitHub makes them, and those that stand in it."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    made = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a (?:id|name)="([^"]+)"', read(document)))


def sentences(markdown: str) -> Iterator[str]:
    """Yield the sentences: of paragraphs, list items and cells, with code as one word."""
    text = _APPARATUS.sub("", _FENCED.sub("\n", _LINK.sub(r"\g<text>", markdown)))
    text = re.sub(r"^\s*(?:[-*] |\d+\. )", "\n", text, flags=re.MULTILINE)
    blocks = [block for block in re.split(r"\n\s*\n|^#.*$|(?<!\\)\||<br>", text, flags=re.MULTILINE) if block]
    for block in blocks:
        line = " ".join(_CODE.sub("Code", block).split())
        yield from re.split(r"(?<=[.!?])[\"')*]*\s+(?=[\"'(*]*[A-Z0-9])", line)


def words(sentence: str) -> int:
    return sum(1 for word in sentence.split() if re.search(r"\w", word))


@cache
def targets() -> frozenset[str]:
    makefile = read("Makefile")
    return frozenset(
        name for line in re.findall(r"^([a-z][a-z -]*):(?!=)", makefile, re.MULTILINE) for name in line.split()
    )


@cache
def names_of_tests() -> frozenset[str]:
    return frozenset(
        name
        for path in (PROJECT / "tests").rglob("*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    folder = (PROJECT / document).parent
    lost = []
    for link in _LINK.finditer(prose(document)):
        target, _, anchor = link["target"].partition("#")
        if "://" in target:
            continue
        file = (folder / target).resolve() if target else PROJECT / document
        if not file.exists() or (anchor and anchor not in anchors(str(file.relative_to(PROJECT)))):
            lost.append(link["target"])

    assert not lost


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document: str) -> None:
    paths = [code for code in named(document) if _PATH.fullmatch(code)]

    assert not [path for pattern in paths for path in alternatives(pattern) if not exists(path)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    code = [*named(document), *_FENCED.findall(read(document))]
    asked = {name for piece in code for found in _MAKE.findall(piece) for name in found.split()}

    assert asked <= targets()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_is_named_exists(document: str) -> None:
    """A link around the name says in which file; `terraform test`'s runs are found only that way."""
    missing = {name for name in named(document) if _TEST.fullmatch(name)} - names_of_tests()
    for link in _LINK.finditer(prose(document)):
        name = re.fullmatch(r"`([a-z0-9_]+)`", link["text"])
        file = (PROJECT / document).parent / link["target"]
        if name and "tests/" in link["target"] and file.is_file() and name[1] not in file.read_text(encoding="utf-8"):
            missing.add(name[1])

    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_sentence_is_longer_than_a_reader_can_hold(document: str) -> None:
    assert not [sentence for sentence in sentences(read(document)) if words(sentence) > LONGEST_SENTENCE]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(document: str) -> None:
    """GitHub shows a table as plain text if its second row has other cells, and drops those that a row has too many."""
    tables = [table.splitlines() for table in _TABLE.findall(prose(document))]

    assert not [row for table in tables for row in table if len(_BORDER.findall(row)) != len(_BORDER.findall(table[0]))]
