import pytest

from selador_packaging.wording import counted


@pytest.mark.parametrize(("count", "said"), [(0, "0 wheels"), (1, "1 wheel"), (2, "2 wheels"), (1024, "1,024 wheels")])
def test_one_is_not_many(count: int, said: str) -> None:
    assert counted(count, "wheel") == said
