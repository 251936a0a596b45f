"""What a question asks for, whether it goes on from the question before, and which passages answer it.

It knows a few forms of English and no grammar. A question of another form is searched for by all its words.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selador_local.bedrock.answer import relevant
from selador_local.bedrock.retrieval import Passage, content_words, search

_FOLLOW_UP = re.compile(r"(?:and|also|but|or|so|then|what about|how about|what if|why|why not)\b[\s,]*", re.IGNORECASE)
_PREAMBLE = re.compile(r"\s*(?:is it \w+ (?:if|that|to)\b\s*)?", re.IGNORECASE)
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<how>how (?:big|far|high|large|long|many|much|old)|what|when|where|who) (?:are|is|was|were) (?P<thing>.+)",
        r"(?:are|is) there (?P<thing>.+)",
        r"(?:do|does) (?P<owner>.+?) have (?P<thing>.+)",
        r"(?:are|is) (?P<thing>.+?) \w+(?:ble|ed)\b(?P<end>.*)",
        r"which \w+ (?:has|have) (?P<thing>.+)",
    )
)
_OF = re.compile(r"\s(?=(?:at|for|from|in|near|of|on|to|with|within|without)\s)", re.IGNORECASE)
_MEASURES = {"how big": ("m²",), "how large": ("m²",), "how much": ("rent", "price", "costs")}
_QUANTITIES = frozenset({"charges", "commission", "cost", "costs", "deposit", "fee", "price", "rent"})
_SUPERLATIVE = re.compile(r"\w+est|least|most")
_POINTING = {
    "it": "of it",
    "its": "of it",
    "their": "of them",
    "them": "of them",
    "there": "there",
    "they": "of them",
}
_POINTING_WORD = re.compile(rf"\b(?:{'|'.join(_POINTING)})\b", re.IGNORECASE)
_POINTING_AT_NOTHING = re.compile(
    r"\b(?:are there|is there|there are|there is|is it \w+ (?:if|that|to))\b", re.IGNORECASE
)
_CLAUSE = re.compile(r",|\b(?:after|and|because|before|if|once|that|until|when)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """`words` are those worth searching for. Without its `own` words, a passage answers another question.

    The words of the thing asked for are among its own. `of` is what that is asked of, such as "for the villa". A
    question of another form has no thing. `measures` are words that an answer is likely to have. `is_part`: nothing but
    a thing follows "and". `points` says to what it points back, such as "of it".
    """

    words: tuple[str, ...]
    own: tuple[str, ...] = ()
    thing: tuple[str, ...] = ()
    of: str = ""
    measures: tuple[str, ...] = ()
    is_follow_up: bool = False
    is_part: bool = False
    points: str = ""


def read_question(text: str) -> Question:
    """Return what `text` asks for."""
    text = _PREAMBLE.sub("", text, count=1)
    sentence = text.partition("?")[0].rstrip(" .!")
    lead = _FOLLOW_UP.match(sentence)
    rest = sentence[lead.end() :] if lead else sentence
    asked = next((found for form in _FORMS if (found := form.fullmatch(rest))), None)
    parts = asked.groupdict("") if asked else {"thing": rest if lead else ""}
    how, owner = parts.get("how", "").lower(), parts.get("owner", "")
    thing, *of = _OF.split(parts["thing"], maxsplit=1)
    of += [f"of {owner}"] if content_words(owner) else []
    of += [end] if (end := parts.get("end", "").strip()) else []
    words, thing_words = content_words(text), content_words(thing)
    own = [*thing_words, *content_words(" ".join(of))] or [word for word in words if word not in how.split()]
    return Question(
        tuple(words),
        tuple(own),
        tuple(thing_words),
        " ".join(of),
        () if _QUANTITIES.intersection(own) else _MEASURES.get(how, ()),
        is_follow_up=lead is not None,
        is_part=lead is not None and asked is None,
        points=_points(rest),
    )


def _points(sentence: str) -> str:
    """Return to what the first clause points back. A later one may point to the first."""
    first = next((clause for clause in _CLAUSE.split(sentence) if content_words(clause)), sentence)
    word = _POINTING_WORD.search(_POINTING_AT_NOTHING.sub("", first))
    return _POINTING[word[0].lower()] if word else ""


@dataclass(frozen=True)
class Topic:
    """What the next question of a session may go on from."""

    words: tuple[str, ...] = ()
    documents: frozenset[str] = frozenset()


NO_TOPIC = Topic()


@dataclass(frozen=True)
class Found:
    """Passages, best first; what the next question may go on from; what it was asked of and no passage says."""

    passages: Sequence[Passage]
    topic: Topic = NO_TOPIC
    not_said_of: str = ""


def find(connection: sqlite3.Connection, question: Question, before: Topic, limit: int) -> Found:
    """Return the passages that answer `question`. Blocks: call it in a thread.

    It goes on from the question before if it begins like a follow-up, points back or has no words of its own. Then the
    documents that answered before come first, and then what it finds together with the words before. Passages about
    the thing asked for come before all others: without any, nothing is found. Raises SearchTimeoutError.
    """
    goes_on = bool(before.words) and (question.is_follow_up or bool(question.points) or not question.own)
    if goes_on:
        passages = search(
            connection,
            (*question.words, *question.measures) or before.words,
            limit=limit,
            needed=question.own,
            within=before.documents,
        )
        if passages:
            return Found(passages, _topic((*question.words, *before.words), passages))
    find_on = _find_beside if goes_on and (question.is_part or question.points) else _find_alone
    found = find_on(connection, question, before, limit)
    if not found.passages:
        return Found([], before)
    return Found(found.passages, before, question.points) if goes_on and question.points else found


def _find_beside(connection: sqlite3.Connection, question: Question, before: Topic, limit: int) -> Found:
    """Look in other documents, for what is said there of what was asked before."""
    passages = search(connection, before.words, limit=limit, needed=question.own)
    if passages:
        return Found(passages, _topic((*question.words, *before.words), passages))
    return _find_alone(connection, question, before, limit)


def _find_alone(connection: sqlite3.Connection, question: Question, _: Topic, limit: int) -> Found:
    for words, needed, not_said_of in _readings(question):
        passages = search(connection, words, limit=limit, needed=needed)
        if passages:
            # What is said in general is about nothing in particular.
            return Found(passages, _topic(question.words, [] if not_said_of else passages), not_said_of)
    return Found([])


def _readings(question: Question) -> Iterator[tuple[Sequence[str], Sequence[str], str]]:
    """Yield words to search for, those that a passage needs, and what it then leaves open: the whole question first."""
    words = (*question.words, *question.measures)
    if not question.thing:
        yield words, (), ""
        return
    yield words, question.own, ""
    plain = [word for word in question.own if not _SUPERLATIVE.fullmatch(word)]
    if plain and len(plain) < len(question.own):
        yield words, plain, f"of the {' '.join(question.thing)}"
    if question.of:
        yield question.thing, question.thing, question.of


def _topic(words: Sequence[str], passages: Sequence[Passage]) -> Topic:
    return Topic(tuple(dict.fromkeys(words)), frozenset(passage.document for passage in relevant(passages)))
