"""Full-text search over a folder of documents, by SQLite's FTS5 in memory."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from selador_local.errors import SeladorLocalError

SUFFIXES = (".md", ".txt")

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about all am an and any are as at be been but by can could did do does for from had has have how i if in into
        is it its many may me much must my no not of on one or our please shall she he should so some tell than that
        the their them then there these they this those to was we were what when where which who whose why will with
        would you your
        """,
    )
)

_HIGHLIGHT_START, _HIGHLIGHT_END = "\x02", "\x03"
_LIST_ITEM = re.compile(r"(?:[-*+]|\d+[.)])\s+")


class DocumentsError(SeladorLocalError):
    """The folder holds no document with text, or one that can't be read."""


@dataclass(frozen=True)
class Passage:
    """A paragraph found in `document`, a path relative to the folder with `/` between its parts.

    `score` is BM25's: higher is better. `matches` are the spans of `text` with a word of the search.
    """

    document: str
    title: str
    heading: str
    text: str
    score: float
    matches: tuple[tuple[int, int], ...]


_Row = tuple[str, str, str, str]
"""Document, title, heading and text, as in the table `passages`."""


def open_index(folder: Path) -> sqlite3.Connection:
    """Return an index in memory of every Markdown and text document below `folder`.

    Raises DocumentsError if it has none, or one isn't UTF-8.
    """
    rows = [row for path in _documents(folder) for row in _read(path, folder)]
    if not rows:
        raise DocumentsError(
            f"{folder} has no text in any {' or '.join(SUFFIXES)} file; name a folder with the documents to answer from"
        )
    connection = sqlite3.connect(":memory:", check_same_thread=False)  # nothing writes to it once it is returned
    connection.execute(
        "CREATE VIRTUAL TABLE passages "
        "USING fts5(document UNINDEXED, title, heading, text, tokenize = 'porter unicode61')"
    )
    connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?)", rows)
    return connection


def content_words(text: str) -> list[str]:
    """Return the words of `text` worth searching for, each once, in their order.

    They are lower-case letters and digits. FTS5's operators are upper-case, so no word can be mistaken for one.
    """
    words = re.findall(r"[^\W_]+", text.lower())
    return [word for word in dict.fromkeys(words) if word not in _STOP_WORDS]


def search(connection: sqlite3.Connection, words: Sequence[str], *, limit: int) -> list[Passage]:
    """Return the passages that best match `words` (as `content_words` makes them), best first, at most `limit`.

    Any word may match, in any inflection. Of three words or more, a passage has to contain two: one shared word says
    little in a long question.
    """
    if not words:
        return []
    needed = 2 if len(words) >= 3 else 1
    found = Counter(row for word in words for (row,) in connection.execute(_ROWS_WITH, (word,)))
    rows = connection.execute(_BEST, (_HIGHLIGHT_START, _HIGHLIGHT_END, " OR ".join(words)))
    passages = []
    for row, document, title, heading, highlighted, score in rows:
        if found[row] >= needed:
            text, matches = _without_highlights(highlighted)
            passages.append(Passage(document, title, heading, text, -score, matches))
    return passages[:limit]


_ROWS_WITH = "SELECT rowid FROM passages WHERE passages MATCH ?"
# bm25() is negative, better matches more so. A title or heading says what a passage is about, so they weigh more.
_BEST = """
    SELECT rowid, document, title, heading, highlight(passages, 3, ?, ?), bm25(passages, 0, 4, 2, 1) AS score
    FROM passages WHERE passages MATCH ? ORDER BY score, rowid
"""


def _without_highlights(highlighted: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    text = ""
    matches = []
    for part in highlighted.split(_HIGHLIGHT_START):
        marked, end, rest = part.partition(_HIGHLIGHT_END)
        if end:
            matches.append((len(text), len(text) + len(marked)))
        text += marked + rest
    return text, tuple(matches)


def _documents(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise DocumentsError(f"{folder} is not a folder; name a folder with the documents to answer from")
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield path


def _read(path: Path, folder: Path) -> Iterator[_Row]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentsError(f"{path} is not UTF-8 (at byte {error.start}); convert it or move it away") from error
    document = path.relative_to(folder).as_posix()
    title, heading = path.stem.replace("-", " ").replace("_", " "), ""
    for block in _blocks(text.translate({ord(_HIGHLIGHT_START): None, ord(_HIGHLIGHT_END): None}).splitlines()):
        if block.startswith("# "):
            title = block.removeprefix("# ").strip()
        elif block.startswith("#"):
            heading = block.lstrip("#").strip()
        else:
            yield document, title, heading, block


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """Yield headings and paragraphs; a wrapped line is joined to the one before it, a list item keeps its own."""
    block = ""
    for line in map(str.strip, lines):
        if not line or line.startswith("#"):
            if block:
                yield block
            block = ""
            if line:
                yield line
        elif block:
            block += ("\n" if _LIST_ITEM.match(line) else " ") + line
        else:
            block = line
    if block:
        yield block
