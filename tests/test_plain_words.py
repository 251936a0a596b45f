"""What users read is plain: short sentences, and no code of a fact about AWS."""

import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selador_deploy import hcl

ROOT = Path(__file__).parents[1]

LONGEST_SENTENCE = 35
MEDIAN_SENTENCE = 14
"""In words."""

# The documents that keep to these limits. A folder joins when its documents do.
DOCUMENTS = sorted(file for file in ROOT.glob("terraform/**/*.md") if ".terraform" not in file.parts)
CONFIGURATIONS = sorted([*ROOT.glob("terraform/**/*.tf"), *ROOT.glob("terraform/tests/*.tftest.hcl")])

_NO_PROSE = re.compile(r"^ *```.*?^ *```$|<!--.*?-->|^ *\|.*?$|^#.*?$", re.MULTILINE | re.DOTALL)
_NEW_PARAGRAPH = re.compile(r"\n\s*\n|^ *(?:[-*]|\d+\.) ", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')*]* (?=[\"'(*]*[A-Z0-9`])")
_FACT_CODE = re.compile(r"\b[A-Z]{2,4}-\d\d\b")
_FACT_CODE_ALONE = re.compile(r"# *\(?[A-Z]{2,4}-\d\d\)?$", re.MULTILINE)


def sentences(markdown: str) -> list[str]:
    """Return the sentences of the prose: without code blocks, tables, headings and the targets of links.

    An item of a list ends a sentence, and inline code is one word.
    """
    prose = _NO_PROSE.sub("\n\n", markdown)
    prose = re.sub(r"`[^`]+`", "`code`", prose)
    prose = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", prose)
    paragraphs = (" ".join(paragraph.split()) for paragraph in _NEW_PARAGRAPH.split(prose))
    return [sentence for paragraph in paragraphs if paragraph for sentence in _SENTENCE_END.split(paragraph)]


def words(sentence: str) -> int:
    """Count what has a letter or a digit in it."""
    return sum(any(character.isalnum() for character in word) for word in sentence.split())


def messages(value: Any) -> Iterator[str]:
    """Yield each description and error message in a parsed configuration, with one word for each expression."""
    match value:
        case dict():
            for name, member in value.items():
                if name in {"description", "error_message"} and isinstance(member, str):
                    yield re.sub(r"\$\{.*?\}+", "x", member.removeprefix("<<-EOT\n").removesuffix("EOT"))
                else:
                    yield from messages(member)
        case list():
            for member in value:
                yield from messages(member)


def test_prose_is_split_into_sentences() -> None:
    markdown = """# A title

One `make plan ENV=dev` here. A [link
to it](there.md): yes (no)? "Quoted."

- an item
- another, e.g. this one

```
no prose. at all
```

| a | table. |
"""

    assert sentences(markdown) == [
        "One `code` here.",
        "A link to it: yes (no)?",
        '"Quoted."',
        "an item",
        "another, e.g. this one",
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_documents_have_short_sentences(document: Path) -> None:
    lengths = {sentence: words(sentence) for sentence in sentences(document.read_text(encoding="utf-8"))}

    assert {sentence: length for sentence, length in lengths.items() if length > LONGEST_SENTENCE} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_SENTENCE


@pytest.mark.parametrize("file", CONFIGURATIONS, ids=lambda file: str(file.relative_to(ROOT)))
def test_terraforms_messages_have_short_sentences(file: Path) -> None:
    found = [sentence for message in messages(hcl.read(file.read_text())) for sentence in sentences(message)]

    assert [sentence for sentence in found if words(sentence) > LONGEST_SENTENCE] == []


@pytest.mark.parametrize("file", [*DOCUMENTS, *CONFIGURATIONS], ids=lambda file: str(file.relative_to(ROOT)))
def test_a_fact_is_said_in_words(file: Path) -> None:
    """Whoever reads a message has no list of facts; whoever reads a comment should not need it."""
    text = file.read_text(encoding="utf-8")
    read_by_users = [text] if file.suffix == ".md" else list(messages(hcl.read(text)))

    assert [code for message in read_by_users for code in _FACT_CODE.findall(message)] == []
    assert _FACT_CODE_ALONE.findall(text) == []
