"""What a passage of a knowledge base says, and where it is from: Bedrock's unions of contents and locations (BR-09)."""

import re
from collections.abc import Mapping
from typing import Any

_DATA_URI = re.compile(r"data:([^;,]+)")
_ADDRESSES = ("uri", "url", "id", "query")

# If a location is missing, the metadata have the address: under the first name, or, in a managed knowledge base,
# under one of the others.
_SOURCE_METADATA = ("x-amz-bedrock-kb-source-uri", "_source_uri", "_document_title", "_document_id")


def words_of(content: Mapping[str, Any]) -> str:
    """Return the words in a `content`: its text, a row's cells, what is said in a recording; "" if it has none."""
    if isinstance(text := content.get("text"), str) and text:
        return text
    if row := content.get("row"):
        return "; ".join(
            f"{cell.get('columnName', '')}: {cell['columnValue']}" for cell in row if "columnValue" in cell
        )
    recording = content.get("audio") or content.get("video") or {}
    return recording.get("transcription") or recording.get("summary") or ""


def description_of(content: Mapping[str, Any]) -> str:
    """Return a `content`'s words, or else what it is: `(image/png)`, `(audio)`; "" if it says neither."""
    if words := words_of(content):
        return words
    if image := _DATA_URI.match(content.get("byteContent") or ""):
        return f"({image[1]})"
    kind = content.get("type", "TEXT")
    return "" if kind == "TEXT" else f"({kind.lower()})"


def source_of(passage: Mapping[str, Any]) -> str | None:
    """Return the address of a reference or a result: its location's, else its recording's, else its metadata's.

    A location has a member named after its type, in which the address is an uri, an url, an id, or the SQL query.
    """
    places = [value for value in passage.get("location", {}).values() if isinstance(value, dict)]
    content = passage.get("content", {})
    recordings = [content[kind] for kind in ("audio", "video") if kind in content]
    return (
        next(filter(None, (_address(place) for place in places)), None)
        or next((recording["s3Uri"] for recording in recordings if "s3Uri" in recording), None)
        or source_in(passage.get("metadata", {}))
        or passage.get("documentId")
    )


def source_in(metadata: Mapping[str, Any]) -> str | None:
    """Return the address or the name of a document in its passage's metadata."""
    return next((value for name in _SOURCE_METADATA if isinstance(value := metadata.get(name), str) and value), None)


def _address(place: Mapping[str, Any]) -> str | None:
    known = [place[name] for name in _ADDRESSES if place.get(name)]
    unknown = [value for name, value in place.items() if name not in _ADDRESSES and isinstance(value, str) and value]
    return next(iter([*known, *unknown]), None)
