"""Two commands that act on one environment in one checkout."""

import pytest

from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError
from selador_deploy.turns import alone


def test_who_comes_second_is_told_who_is_first(dev: Environment) -> None:
    with (
        alone(dev, "apply"),
        pytest.raises(DeployError, match=r"make apply \(process \d+\) works on dev in this checkout; wait until"),
        alone(dev, "plan"),
    ):
        pass


def test_the_turn_ends_with_its_command_however_it_ends(dev: Environment) -> None:
    with pytest.raises(DeployError), alone(dev, "apply"):
        raise DeployError("it failed", "try again")

    with alone(dev, "plan"):
        pass
