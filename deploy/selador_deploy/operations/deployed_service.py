"""What the commands need to know of an environment, by the outputs of its Terraform."""

from collections.abc import Mapping
from dataclasses import dataclass

from selador_deploy.account import check_caller
from selador_deploy.backend import initialized_backend
from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.state import read_outputs


@dataclass(frozen=True)
class DeployedService:
    """Where an environment's queues, connections and logs are, and how long its requests are useful."""

    environment: str
    queue_url: str
    dead_letter_queue_url: str
    callback_url: str
    log_groups: Mapping[str, str]
    """The log groups' names by who writes to them, as in the output `log_group_names`."""
    max_attempts: int
    max_age_seconds: int

    @property
    def function_groups(self) -> tuple[str, str]:
        """The log groups of the handler and of main: what a request passes."""
        return self.log_groups["websocket_handler"], self.log_groups["main"]

    def writer(self, log_group: str) -> str:
        """Return who writes to a log group, in a word: `handler`, `main`, `authorizer`, `api`."""
        writers = {name: writer for writer, name in self.log_groups.items()}
        return {"websocket_handler": "handler", "api_access": "api"}.get(writers[log_group], writers[log_group])


def find_service(deployment: Deployment) -> DeployedService:
    """Return what is deployed.

    Raises DeployError if the caller isn't of the environment's account, or if nothing is deployed there.
    """
    environment = deployment.environment
    initialized_backend(environment)
    check_caller(deployment.make_client("sts"), environment)
    values = read_outputs(deployment)
    try:
        return DeployedService(
            environment=environment.name,
            queue_url=values["queue_url"],
            dead_letter_queue_url=values["dead_letter_queue_url"],
            callback_url=values["callback_url"],
            log_groups={writer: name for writer, name in values["log_group_names"].items() if name is not None},
            max_attempts=values["request_limits"]["max_attempts"],
            max_age_seconds=values["request_limits"]["max_age_seconds"],
        )
    except KeyError as missing:
        raise DeployError(
            f"{environment.name} has no output {missing.args[0]}: an earlier release deployed it",
            f"run make plan ENV={environment.name} and make apply ENV={environment.name}",
        ) from None
