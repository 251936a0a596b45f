"""A body that anybody may have written, read as a JSON object."""

import pytest

from selador_local.data_plane.json_members import members_of


def test_an_objects_members_are_read() -> None:
    assert members_of(b'{"a": [1, {"b": null}]}') == members_of('{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}


@pytest.mark.parametrize("text", ["", "{", "[{}]", '"a"', "null", b"\xff\xfe", b"\x00"])
def test_whatever_is_no_object_has_none(text: str | bytes) -> None:
    assert members_of(text) == {}
