import pytest

from selador_deploy.wording import counted


@pytest.mark.parametrize(("count", "said"), [(0, "0 alarms"), (1, "1 alarm"), (2, "2 alarms"), (1024, "1,024 alarms")])
def test_one_is_not_many(count: int, said: str) -> None:
    assert counted(count, "alarm") == said
