import re
from pathlib import Path

import pytest

from selador_client.errors import NoStackError
from selador_client.stack import find_url


def write_stack_file(folder: Path, text: str) -> None:
    (folder / ".local").mkdir()
    (folder / ".local" / "stack.json").write_text(text)


def test_the_running_stack_is_found_from_any_folder_of_the_project(tmp_path: Path) -> None:
    write_stack_file(tmp_path, '{"websocketUrl": "ws://127.0.0.1:8000/abc/local"}')
    below = tmp_path / "docs" / "decisions"
    below.mkdir(parents=True)

    assert find_url(below, {"SELADOR_URL": "wss://elsewhere/dev"}) == "ws://127.0.0.1:8000/abc/local"


def test_without_a_running_stack_the_environment_names_the_url(tmp_path: Path) -> None:
    assert find_url(tmp_path, {"SELADOR_URL": "wss://elsewhere/dev"}) == "wss://elsewhere/dev"


def test_with_neither_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoStackError, match="no stack is running; start one with `make local`"):
        find_url(tmp_path, {})


def test_a_stack_that_is_still_starting_says_so(tmp_path: Path) -> None:
    write_stack_file(tmp_path, '{"pid": 4711}')

    with pytest.raises(NoStackError, match="the stack is still starting; try again when `make local` shows its URL"):
        find_url(tmp_path, {})


@pytest.mark.parametrize("text", ["", "[]", '{"url": 1}'])
def test_a_damaged_stack_file_is_named(tmp_path: Path, text: str) -> None:
    write_stack_file(tmp_path, text)

    with pytest.raises(NoStackError, match=re.escape(f"{tmp_path}/.local/stack.json has no websocketUrl")):
        find_url(tmp_path, {})
