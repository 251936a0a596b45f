"""What a passage says and where it is from, for every kind of content and of location that Bedrock models."""

from typing import Any

import pytest

from selador_main.agents.sources import description_of, source_of, words_of

ROW = [
    {"columnName": "address", "columnValue": "Pier Street 14", "type": "STRING"},
    {"columnName": "rent", "columnValue": "1250", "type": "LONG"},
    {"columnName": "sold", "type": "NULL"},
]


@pytest.mark.parametrize(
    ("content", "words", "description"),
    [
        ({"type": "TEXT", "text": "Pets are allowed."}, "Pets are allowed.", "Pets are allowed."),
        ({"type": "ROW", "row": ROW}, "address: Pier Street 14; rent: 1250", "address: Pier Street 14; rent: 1250"),
        ({"type": "AUDIO", "audio": {"s3Uri": "s3://m/a.mp3", "transcription": "Hello."}}, "Hello.", "Hello."),
        ({"type": "AUDIO", "audio": {"s3Uri": "s3://m/a.mp3"}}, "", "(audio)"),
        ({"type": "VIDEO", "video": {"s3Uri": "s3://m/v.mp4", "summary": "A tour."}}, "A tour.", "A tour."),
        ({"type": "VIDEO", "video": {"s3Uri": "s3://m/v.mp4", "transcription": "Hi."}}, "Hi.", "Hi."),
        ({"type": "VIDEO", "video": {"s3Uri": "s3://m/v.mp4"}}, "", "(video)"),
        ({"type": "IMAGE", "byteContent": "data:image/png;base64,AAAA"}, "", "(image/png)"),
        ({"type": "IMAGE"}, "", "(image)"),
        ({"type": "IMAGE", "byteContent": "data:image/png;base64,AA", "text": "A plan"}, "A plan", "A plan"),
        ({"type": "HOLOGRAM"}, "", "(hologram)"),
        ({"type": "TEXT"}, "", ""),
        ({}, "", ""),
    ],
)
def test_a_content_has_words_and_a_description(content: dict[str, Any], words: str, description: str) -> None:
    assert (words_of(content), description_of(content)) == (words, description)


@pytest.mark.parametrize(
    ("location", "source"),
    [
        ({"type": "S3", "s3Location": {"uri": "s3://b/k"}}, "s3://b/k"),
        ({"type": "WEB", "webLocation": {"url": "https://example.com/"}}, "https://example.com/"),
        ({"type": "ONEDRIVE", "oneDriveLocation": {"url": "https://d/1"}}, "https://d/1"),
        ({"type": "KENDRA", "kendraDocumentLocation": {"uri": "k:1"}}, "k:1"),
        ({"type": "CUSTOM", "customDocumentLocation": {"id": "doc-1"}}, "doc-1"),
        ({"type": "SQL", "sqlLocation": {"query": "select 1"}}, "select 1"),
        ({"type": "NEW", "newLocation": {"path": "/somewhere"}}, "/somewhere"),
        ({"type": "S3", "s3Location": {}}, None),
        ({"type": "S3"}, None),
        ({}, None),
    ],
)
def test_a_source_is_the_address_in_its_location(location: dict[str, Any], source: str | None) -> None:
    assert source_of({"content": {"text": "x"}, "location": location}) == source


@pytest.mark.parametrize(
    ("passage", "source"),
    [
        ({"content": {"audio": {"s3Uri": "s3://m/a.mp3"}}}, "s3://m/a.mp3"),
        ({"content": {"video": {"s3Uri": "s3://m/v.mp4"}}, "location": {"type": "S3"}}, "s3://m/v.mp4"),
        ({"metadata": {"x-amz-bedrock-kb-source-uri": "s3://b/k"}}, "s3://b/k"),
        ({"metadata": {"_document_title": "Notice periods"}}, "Notice periods"),
        ({"metadata": {"_source_uri": 5}, "documentId": "d-1"}, "d-1"),
    ],
)
def test_without_a_location_a_source_is_whatever_else_names_it(passage: dict[str, Any], source: str) -> None:
    assert source_of(passage) == source
