"""Where a function's zip can be fetched."""

from selador_local.control_plane.front_door.code_locations import CodeLocations

BASE = "http://127.0.0.1:1/code/"


def test_a_zip_is_found_by_the_token_in_its_url() -> None:
    locations = CodeLocations(BASE)

    url = locations.publish(b"zip")

    assert locations.find(url.removeprefix(BASE)) == b"zip"


def test_the_same_bytes_keep_their_url_and_others_get_their_own() -> None:
    locations = CodeLocations(BASE)

    first, again, other = (locations.publish(code) for code in (b"zip", b"zip", b"another zip"))

    assert first == again != other


def test_a_token_that_was_never_given_out_finds_nothing() -> None:
    locations = CodeLocations(BASE)
    locations.publish(b"zip")

    assert locations.find("guessed") is None
