"""What a question asks for, whether it goes on from the question before, and which passages answer it.

It knows a few forms of English and no grammar. A question of another form is searched for by all its words.
"""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from selador_local.bedrock.retrieval import Passage, content_words, search

_FOLLOW_UP = re.compile(r"(?:and|also|but|or|so|then|what about|how about|what if|why|why not)\b[\s,]*", re.IGNORECASE)
_POINTING = re.compile(r"\b(?:he|her|his|it|its|she|that|their|them|there|these|they|this|those)\b", re.IGNORECASE)
_THING = re.compile(
    r"(?:how (?:big|far|high|large|long|many|much|old)|what|when|where|who) (?:are|is|was|were) (?P<thing>.+)",
    re.IGNORECASE,
)
_OF = re.compile(r"\s(?=(?:at|for|from|in|near|of|on|to|with|within|without)\s)", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """`words` are those worth searching for; those of the thing asked for, and of what it is asked of, are among them.

    `of` is the end of the question as it was typed, such as "for the villa". A question of another form has no thing.
    """

    words: tuple[str, ...]
    thing: tuple[str, ...] = ()
    of: str = ""
    of_words: tuple[str, ...] = ()
    is_follow_up: bool = False
    points_back: bool = False


def read_question(text: str) -> Question:
    """Return what `text` asks for."""
    sentence = text.strip().partition("?")[0].rstrip(" .!")
    lead = _FOLLOW_UP.match(sentence)
    rest = sentence[lead.end() :] if lead else sentence
    words = tuple(content_words(text))
    asked = _THING.fullmatch(rest)
    if asked is None and lead is None:
        return Question(words, points_back=_points_back(text, words))
    thing, *of = _OF.split(asked["thing"] if asked else rest, maxsplit=1)
    return Question(
        words,
        tuple(content_words(thing)),
        of[0] if of else "",
        tuple(content_words(of[0])) if of else (),
        is_follow_up=lead is not None,
        points_back=_points_back(text, words),
    )


def _points_back(text: str, words: tuple[str, ...]) -> bool:
    return not words or _POINTING.search(text) is not None


@dataclass(frozen=True)
class Found:
    """Passages, best first; the words that the next question of the session may go on from; what no passage says."""

    passages: Sequence[Passage]
    words: Sequence[str]
    not_said_of: str = ""


def find(connection: sqlite3.Connection, question: Question, words_before: Sequence[str], limit: int) -> Found:
    """Return the passages that answer `question`. Blocks: call it in a thread.

    It is joined with the question before if it begins like a follow-up, or if it finds nothing alone and points back.
    Passages about the thing asked for come before all others: without any, nothing is found. Raises SearchTimeoutError.
    """
    alone = Found((), question.words) if question.is_follow_up and words_before else _find(connection, question, limit)
    if alone.passages or not words_before or not (question.is_follow_up or question.points_back):
        return alone
    words = tuple(dict.fromkeys((*question.words, *words_before)))
    passages = search(connection, words, limit=limit, needed=question.thing) if words else []
    if not passages and question.is_follow_up:
        return _find(connection, question, limit)
    return Found(passages, words)


def _find(connection: sqlite3.Connection, question: Question, limit: int) -> Found:
    words = question.words
    if not question.thing:
        return Found(search(connection, words, limit=limit), words)
    whole = search(connection, words, limit=limit, needed=(*question.thing, *question.of_words))
    if whole or not question.of_words:
        return Found(whole, words)
    of_thing = search(connection, question.thing, limit=limit, needed=question.thing)
    return Found(of_thing, words, question.of)
