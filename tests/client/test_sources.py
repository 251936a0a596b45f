import pytest

from selador_client.sources import Source, marked, numbered
from selador_shared.protocol import Citation, Span


def cited(start: int | None = None, end: int = 0, source: str | None = "s3://a", text: str = "passage") -> Citation:
    span = None if start is None else Span(start=start, end=end)
    return Citation(request_id="r", attempt=1, seq=1, text=text, source=source, span=span)


@pytest.mark.parametrize(
    ("text", "citations", "shown"),
    [
        ("Three months.", [cited(6, 11)], "Three months [1]."),
        ("Three months.", [cited(0, 12)], "Three months. [1]"),
        ("Three months.", [cited(0, 4), cited(6, 11, "s3://b")], "Three [1] months [2]."),
        ("Three months.", [cited(0, 4, "s3://b"), cited(0, 4)], "Three [1][2] months."),
        ("Three months.", [cited(0, 4), cited(0, 4)], "Three [1] months."),
        ("Three\n\nmonths.", [cited(0, 6)], "Three [1]\n\nmonths."),
        ("Three", [cited(0, 99)], "Three [1]"),
        ("Three", [cited(50, 60)], "Three"),
        ("Three", [cited(-3, 2)], "Three"),
        ("Three", [cited()], "Three"),
        ("🏠 Pier", [cited(0, 0)], "🏠 [1] Pier"),
        ("Three [6] months [12].", [cited(6, 8), cited(17, 20, "s3://b")], "Three [1] months [2]."),
        ("Three [6].", [cited(6, 8), cited(0, 8, "s3://b")], "Three [1] [2]."),
    ],
)
def test_a_mark_stands_behind_the_part_that_a_source_supports(text: str, citations: list[Citation], shown: str) -> None:
    assert marked(text, citations) == shown


def test_each_source_is_numbered_once_with_all_that_was_cited_of_it() -> None:
    citations = [cited(text="a"), cited(source="s3://b"), cited(text="c"), cited(text="a"), cited(source=None)]

    assert numbered(citations) == [
        Source(1, "s3://a", ("a", "c")),
        Source(2, "s3://b", ("passage",)),
        Source(3, "(no address)", ("passage",)),
    ]
