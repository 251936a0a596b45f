"""Full-text search over the passages of a library, by SQLite's FTS5 in memory."""

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from selador_local.bedrock.library import MATCH_END, MATCH_START, Library
from selador_local.errors import SeladorLocalError

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about all am an and any are as at be been but by can could did do does for from had has have how i if in
        into is it its many may me much must my no not of often on one ones or our please shall she he should so some
        tell than that the their them then there these they this those to was we were what when where which who whose
        why will with would you your
        """,
    )
)

MOST_WORDS = 64
SEARCH_SECONDS = 5.0
_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's virtual machine: well under a millisecond


class SearchTimeoutError(SeladorLocalError):
    """A search took too long."""


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


def open_index(library: Library) -> sqlite3.Connection:
    """Return an index in memory. Any thread may search it, one at a time. Blocks: call it in a thread."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)  # nothing writes to it once it is returned
    connection.execute(
        "CREATE VIRTUAL TABLE passages "
        "USING fts5(document UNINDEXED, title, heading, text, tokenize = 'porter unicode61')"
    )
    connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?)", library.rows)
    return connection


def content_words(text: str) -> list[str]:
    """Return the words of `text` worth searching for, each once, in their order.

    They are lower-case letters and digits. FTS5's operators are upper-case, so no word can be mistaken for one.
    """
    words = re.findall(r"[^\W_]+", text.lower())
    return [word for word in dict.fromkeys(words) if word not in _STOP_WORDS]


def search(
    connection: sqlite3.Connection,
    words: Sequence[str],
    *,
    limit: int,
    needed: Sequence[str] = (),
    within: Collection[str] | None = None,
    seconds: float = SEARCH_SECONDS,
) -> list[Passage]:
    """Return the passages that best match `words` (as `content_words` makes them), best first, at most `limit`.

    Any word may match, in any inflection. Of three words or more, a passage has to contain two: one shared word says
    little in a long question. It has to contain all that are `needed`. Of very many words the first MOST_WORDS count.
    `within` names the documents to search, None all.

    Raises SearchTimeoutError after `seconds`. Blocks: call it in a thread.
    """
    if not words:
        return []
    words = words[:MOST_WORDS]
    give_up_at = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > give_up_at, _STEPS_BETWEEN_LOOKS)
    try:
        return _search(connection, words, needed[:MOST_WORDS], within, limit)
    except sqlite3.OperationalError as error:
        if time.monotonic() > give_up_at:
            raise SearchTimeoutError(f"the search took more than {seconds:g} s; name a smaller folder") from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


def _search(
    connection: sqlite3.Connection,
    words: Sequence[str],
    needed: Sequence[str],
    within: Collection[str] | None,
    limit: int,
) -> list[Passage]:
    least = 1 if needed or len(words) < 3 else 2
    found = Counter(row for word in words for (row,) in connection.execute(_ROWS_WITH, (word,)))
    query = " AND ".join([f"({' OR '.join(words)})", *needed])
    rows = connection.execute(_BEST, (MATCH_START, MATCH_END, query))
    passages = []
    for row, document, title, heading, highlighted, score in rows:
        if found[row] >= least and (within is None or document in within):
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
    for part in highlighted.split(MATCH_START):
        marked, end, rest = part.partition(MATCH_END)
        if end:
            matches.append((len(text), len(text) + len(marked)))
        text += marked + rest
    return text, tuple(matches)
