"""The last plan's summary as a comment on a pull request: `make plan` writes it, and `make comment` puts it there.

Anybody who may read the repository reads the comment. So it is made of the summary, which names attributes and shows no
value of any but permissions, and of the refusal, which names addresses.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError
from selador_deploy.plan import git

_LONGEST = 60_000  # characters; GitHub takes 65,536
_COMMENTS = "repos/{owner}/{repo}/issues"  # gh itself puts in the repository of this checkout
_BY_US = "github-actions[bot]"


@contextmanager
def commented(environment: Environment, lines: Iterable[str]) -> Iterator[None]:
    """Write the comment about a plan, with the refusal if what is done meanwhile raises one."""
    refusal = ""
    try:
        yield
    except DeployError as error:
        refusal = str(error)
        raise
    finally:
        text = markdown(environment.name, git.commit(environment.root), "\n".join(lines), refusal)
        environment.comment_file.write_text(text, encoding="utf-8")


def comment(deployment: Deployment, *, pr: str) -> None:
    """Put the last plan's comment on a pull request, in the place of the one before. Raises DeployError."""
    environment = deployment.environment
    if not pr.isdecimal():
        raise DeployError(f"PR is {pr!r}", "give the pull request's number", status=2)
    if not environment.comment_file.is_file():
        environment.comment_file.parent.mkdir(exist_ok=True)
        environment.comment_file.write_text(failed(environment.name, git.commit(environment.root)), encoding="utf-8")
    mine = f'.[] | select(.user.login == "{_BY_US}" and (.body | startswith("{_marker(environment.name)}"))) | .id'
    found = _gh("--paginate", "--jq", mine, f"{_COMMENTS}/{pr}/comments").split()
    place = ["--method", "PATCH", f"{_COMMENTS}/comments/{found[0]}"] if found else [f"{_COMMENTS}/{pr}/comments"]
    print(_gh("--jq", ".html_url", "--field", f"body=@{environment.comment_file}", *place), end="")


def markdown(name: str, commit: str, summary: str, refusal: str = "") -> str:
    """Return the comment about a plan that could be made."""
    if len(summary) > _LONGEST:
        summary = f"{summary[:_LONGEST]}\n… the rest is in the job's log"
    longest = max((len(ticks) for ticks in re.findall("`+", summary)), default=0)
    fence = "`" * max(3, longest + 1)
    said = f"\n**Refused**: {refusal}\n" if refusal else ""
    return f"{_marker(name)}\n### Plan of {name}{_at(commit)}\n\n{fence}text\n{summary}\n{fence}\n{said}"


def failed(name: str, commit: str) -> str:
    """Return the comment about a plan that could not be made, without what Terraform said: that may quote values."""
    return f"{_marker(name)}\n### {name} could not be planned{_at(commit)}\n\nThe job's log says why.\n"


def _at(commit: str) -> str:
    return f" at {commit[:12]}" if commit else ""


def _marker(name: str) -> str:
    return f"<!-- selador plan of {name} -->"


def _gh(*arguments: str) -> str:
    try:
        done = subprocess.run(["gh", "api", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise DeployError(
            "gh is not on PATH", "install GitHub's command line, or read build/<env>.comment.md"
        ) from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise DeployError(f"gh could not comment: {said}", "check GH_TOKEN, which needs pull-requests: write")
    return done.stdout
