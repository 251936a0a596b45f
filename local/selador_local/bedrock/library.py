"""The documents to answer from: every Markdown and text file below a folder, as passages.

What can't be read is left out and named, and never stops the stack: other kinds of files, other encodings, files that
are too large, links that lead out of the folder.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from selador_local.errors import SeladorLocalError

SUFFIXES = (".md", ".txt")
FILE_BYTES = 50 * 10**6
LIBRARY_BYTES = 200 * 10**6  # of all files: the index lies in memory
PASSAGE_CHARACTERS = 2_000  # what is longer is cut between words

MATCH_START, MATCH_END = "\x02", "\x03"
"""Characters that no passage contains: they mark what a search has found."""

_WITHOUT_MARKS = str.maketrans("", "", MATCH_START + MATCH_END)
_LIST_ITEM = re.compile(r"(?:[-*+]|\d+[.)])\s+")


class DocumentsError(SeladorLocalError):
    """The folder holds no document with text."""


class Row(NamedTuple):
    """A paragraph. `document` is a path relative to the folder, with `/` between its parts."""

    document: str
    title: str
    heading: str
    text: str


@dataclass(frozen=True)
class Library:
    """The passages of a folder. `left_out` names what isn't among them, each with the reason."""

    rows: list[Row]
    documents: int
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"documents: {self.documents:,}, passages: {len(self.rows):,}"
        if not self.left_out:
            return text
        more = f" and {len(self.left_out) - 1:,} more" if len(self.left_out) > 1 else ""
        return f"{text}; left out: {self.left_out[0]}{more}"


def read_library(folder: Path) -> Library:
    """Return the passages of every Markdown and text file below `folder`. Blocks: call it in a thread.

    Raises DocumentsError if there are none.
    """
    if not folder.is_dir():
        raise DocumentsError(f"{folder} is not a folder; name a folder with the documents to answer from")
    rows: list[Row] = []
    left_out: list[str] = []
    documents, size = 0, 0
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        reason = _lost_link(path, folder) or _unfit(path, size)
        if reason is None:
            try:
                found = list(_read(path, name))
            except UnicodeDecodeError as error:
                reason = f"it is not UTF-8 (at byte {error.start:,}); convert it"
            except OSError as error:
                reason = error.strerror or str(error)
            else:
                rows += found
                documents += 1
                size += path.stat().st_size
        if reason is not None:
            left_out.append(f"{name} ({reason})")
    if not rows:
        seen = f"; left out: {left_out[0]}" if left_out else ""
        raise DocumentsError(
            f"{folder} has no text in any {' or '.join(SUFFIXES)} file{seen}; "
            "name a folder with the documents to answer from"
        )
    return Library(rows, documents, tuple(left_out))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files, and links to folders, in a fixed order; nothing that is hidden."""
    for path in sorted(folder.rglob("*")):  # it follows no link to a folder
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and (path.is_symlink() or path.is_file()):
            yield path


def _lost_link(path: Path, folder: Path) -> str | None:
    """Return why a link is left out; None if it isn't, or if it is none."""
    if path.is_dir():
        return "a link to a folder is not followed"
    if not path.exists():
        return "the link leads nowhere"
    return None if path.resolve().is_relative_to(folder.resolve()) else "the link leads out of the folder"


def _unfit(path: Path, size_so_far: int) -> str | None:
    """Return why a file is left out, None if it isn't."""
    if path.suffix.lower() not in SUFFIXES:
        return f"it is no {' or '.join(SUFFIXES)} file"
    size = path.stat().st_size
    if size > FILE_BYTES:
        return f"it has {size / 10**6:,.1f} MB; the limit is {FILE_BYTES // 10**6} MB"
    if size_so_far + size > LIBRARY_BYTES:
        return f"all files together may have {LIBRARY_BYTES // 10**6} MB"
    return None


def _read(path: Path, document: str) -> Iterator[Row]:
    text = path.read_text(encoding="utf-8-sig")
    title, heading = path.stem.replace("-", " ").replace("_", " "), ""
    for block in _blocks(text.translate(_WITHOUT_MARKS).splitlines()):
        if block.startswith("# "):
            title = block.removeprefix("# ").strip()
        elif block.startswith("#"):
            heading = block.lstrip("#").strip()
        else:
            for passage in _cut(block):
                yield Row(document, title, heading, passage)


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """Yield headings and paragraphs; a wrapped line is joined to the one before it, a list item keeps its own."""
    block: list[str] = []
    for line in map(str.strip, lines):
        if line and not line.startswith("#"):
            if block:
                block.append("\n" if _LIST_ITEM.match(line) else " ")
            block.append(line)
            continue
        if block:
            yield "".join(block)
            block = []
        if line:
            yield line
    if block:
        yield "".join(block)


def _cut(block: str) -> Iterator[str]:
    """Yield a paragraph in pieces of at most PASSAGE_CHARACTERS, cut at a space if there is one."""
    start = 0
    while len(block) - start > PASSAGE_CHARACTERS:
        end = block.rfind(" ", start + 1, start + PASSAGE_CHARACTERS + 1)
        end = start + PASSAGE_CHARACTERS if end == -1 else end
        yield block[start:end].strip()
        start = end
    yield block[start:].strip()
