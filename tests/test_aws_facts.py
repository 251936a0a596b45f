"""Comments cite facts about AWS by code: docs/aws-facts.md defines each one, and no user has to read a code."""

import ast
import io
import re
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PROJECT = Path(__file__).parents[1]
FACTS = Path("docs/aws-facts.md")

MARKS = {"read", "observed", "seen on AWS", "derived", "recalled", "unverified", "background"}
FOR_MAINTAINERS = (
    FACTS,
    Path("docs/architecture.md"),
    Path("docs/local-fidelity.md"),
    Path("docs/decisions"),
    Path("CONTRIBUTING.md"),
    Path("tests"),
)
"""Documents and folders whose readers work on the project: codes may stand there outside comments too."""

_CODE = re.compile(r"\b(?!UTF|CRC)[A-Z]{2,4}-\d\d\b")
_ENTRY = re.compile(r'^- <a id="(?P<anchor>.+)"></a>\*\*(?P<code>.+)\*\* \((?P<marks>.+?)\): \S', re.MULTILINE)
_LINE_COMMENT = re.compile(r"(?:^|\s)(?:#|//)(.*)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_JOINING = {"and", "by", "or", "see", "to"}


class Piece(NamedTuple):
    """A piece of a file's text, and the line that it begins in."""

    line: int
    text: str


class Entry(NamedTuple):
    code: str
    anchor: str
    marks: list[str]


def entries() -> list[Entry]:
    matches = _ENTRY.finditer((PROJECT / FACTS).read_text())
    return [Entry(match["code"], match["anchor"], match["marks"].split(", ")) for match in matches]


@cache
def sources() -> dict[Path, str]:
    """Return the text of each file that git knows or would add, but for the facts themselves and this test."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = PROJECT / name
        if path.is_file() and path != Path(__file__) and Path(name) != FACTS:
            try:
                texts[Path(name)] = path.read_text()
            except UnicodeDecodeError:
                continue  # a recorded zip
    return texts


def comments(path: Path, text: str) -> Iterator[Piece]:
    """Yield the comments and docstrings of a file; comments on lines that follow each other are one."""
    if path.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        found = [(token.start, token.string.lstrip("#")) for token in tokens if token.type == tokenize.COMMENT]
        yield from (Piece(value.lineno, str(value.value)) for value in _docstrings(ast.parse(text)))
    else:
        lines = enumerate(text.splitlines(), start=1)
        matches = ((number, _LINE_COMMENT.search(line)) for number, line in lines)
        found = [((number, match.start()), match[1]) for number, match in matches if match]
    yield from _joined(found)


def _joined(found: Iterable[tuple[tuple[int, int], str]]) -> Iterator[Piece]:
    block: list[str] = []
    begins, last = 0, (0, 0)
    for (line, column), text in found:
        if block and (line, column) != (last[0] + 1, last[1]):
            yield Piece(begins, " ".join(block))
            block = []
        if not block:
            begins = line
        block.append(text)
        last = (line, column)
    if block:
        yield Piece(begins, " ".join(block))


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield strings that stand by themselves: docstrings, and those that describe the attribute above them."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str()) as constant):
                yield constant


def shown(path: Path, text: str) -> Iterator[Piece]:
    """Yield what a user may get to read: a document, a program's strings, and elsewhere all but comments."""
    if any(path.is_relative_to(place) for place in FOR_MAINTAINERS):
        return
    match path.suffix:
        case ".md":
            yield from (Piece(number, line) for number, line in enumerate(text.splitlines(), start=1))
        case ".py":
            yield from _strings(ast.parse(text))
        case _:
            for number, line in enumerate(text.splitlines(), start=1):
                yield Piece(number, _LINE_COMMENT.sub("", line))


def _strings(tree: ast.Module) -> Iterator[Piece]:
    apart = set(_docstrings(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(value)) if node not in apart:
                yield Piece(node.lineno, value)
            case ast.Name(id="__doc__", lineno=line):  # a command line's description
                yield Piece(line, ast.get_docstring(tree) or "")


def is_code_only(comment: str) -> bool:
    """Whether a comment cites a code and says less than two words about it."""
    words = [word for word in _WORD.findall(_CODE.sub("", comment)) if word.lower() not in _JOINING]
    return bool(_CODE.search(comment)) and len(words) < 2


def _listed(advice: str, found: Iterable[str]) -> str:
    return "\n  ".join([f"{advice}:", *sorted(found)])


def test_every_cited_fact_is_defined() -> None:
    defined = {entry.code for entry in entries()}
    cited = {
        f"{path}: {code}"
        for path, text in [*sources().items(), (FACTS, (PROJECT / FACTS).read_text())]
        for code in _CODE.findall(text)
        if code not in defined
    }

    assert not cited, _listed(f"{FACTS} has no entry for these", cited)


def test_a_fact_is_defined_once_in_one_form() -> None:
    found = entries()
    lines = [line for line in (PROJECT / FACTS).read_text().splitlines() if line.startswith("- ")]

    assert len(lines) == len(found), "an entry has another form"
    assert [code for code, count in Counter(entry.code for entry in found).items() if count > 1] == []
    assert [entry for entry in found if entry.anchor != entry.code.lower() or not _CODE.fullmatch(entry.code)] == []
    assert [entry for entry in found if not set(entry.marks) <= MARKS] == []


def test_a_fact_that_nothing_cites_is_marked_as_background_and_no_other_is() -> None:
    cited = {code for text in sources().values() for code in _CODE.findall(text)}
    uncited = {entry.code for entry in entries() if entry.code not in cited}
    background = {entry.code for entry in entries() if "background" in entry.marks}

    unmarked, marked = uncited - background, background - uncited
    assert not unmarked, _listed("these are not cited; mark them as background, or remove them", unmarked)
    assert not marked, _listed("these are cited; take the mark `background` off them", marked)


def test_no_comment_is_a_code_alone() -> None:
    bare = [
        f"{path}:{comment.line}: {comment.text.strip()}"
        for path, text in sources().items()
        if path.suffix != ".md"
        for comment in comments(path, text)
        if is_code_only(comment.text)
    ]

    assert not bare, _listed("say the fact in words, with its code in brackets", bare)


def test_no_user_has_to_read_a_code() -> None:
    found = [
        f"{path}:{piece.line}: {code}"
        for path, text in sources().items()
        for piece in shown(path, text)
        for code in _CODE.findall(piece.text)
    ]

    assert not found, _listed("codes are for comments; tell users the fact in words", found)


@pytest.mark.parametrize(
    ("name", "text", "bare", "visible"),
    [
        pytest.param("a.py", "x = 1  # WS-54", True, False, id="a code after a statement"),
        pytest.param("a.py", "x = 1  # 32 KB to a frame (WS-54)", False, False, id="words after a statement"),
        pytest.param("a.py", "# Frames have 32 KB\n# (WS-54).\n", False, False, id="words on the line above"),
        pytest.param("a.py", "# Frames\nx = 1\n# WS-54, WS-55\n", True, False, id="words on a line that is apart"),
        pytest.param("a.py", 'def f():\n    """WS-24 to WS-26."""', True, False, id="a docstring"),
        pytest.param("a.py", 'x = 1\n"""Bytes of a frame (WS-54)."""', False, False, id="an attribute's docstring"),
        pytest.param("a.py", 'raise ValueError(f"{n} bytes (WS-54)")', False, True, id="an error message"),
        pytest.param(
            "a.py", '"""Reads frames (WS-54)."""\np(description=__doc__)', False, True, id="a command line's help"
        ),
        pytest.param("a.tf", "a = 1 # CW-31", True, False, id="HCL: a code after an argument"),
        pytest.param("a.tf", 'description = "a frame (WS-54)" # CW', False, True, id="HCL: a description"),
        pytest.param("a.tf", "<<-EOT\n  a frame (WS-54)\nEOT", False, True, id="HCL: a heredoc"),
        pytest.param("Makefile", "# 32 KB to a frame (WS-54)", False, False, id="a Makefile's comment"),
        pytest.param("README.md", "32 KB to a frame (WS-54)", False, True, id="a README"),
        pytest.param("docs/decisions/a.md", "32 KB to a frame (WS-54)", False, False, id="a decision"),
    ],
)
def test_the_two_rules_see_codes_where_they_stand(name: str, text: str, bare: bool, visible: bool) -> None:
    path = Path(name)

    assert any(is_code_only(comment.text) for comment in comments(path, text)) is bare
    assert any(_CODE.search(piece.text) for piece in shown(path, text)) is visible
