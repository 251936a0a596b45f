"""Deploy one environment of terraform/environments. `make plan ENV=…` and the other deploy targets call this.

Each command first checks what it rests on, and refuses in one line: the account, the state's lock, the artifacts, the
saved plan. Each environment has its own data folder and saved plan under build/, so that you can work on two at once.

A flag may come from the environment: SELADOR_RELEASE stands for --release. AWS's own variables (AWS_PROFILE,
AWS_ENDPOINT_URL, …) say which AWS is meant, and with which credentials. For the environment `local`, the stack that
`make local` runs says so itself. TF names another executable than `terraform`.

exit status:
  0  it succeeded
  1  it refused or failed; the last line says why, and what to do. doctor: something is missing; smoke: a step failed
  2  wrong usage, or an unknown environment. drift: something differs
  3  plan: data would be lost that can't be restored
  130  Ctrl-C ended it, outside of Terraform; redrive: between two letters
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from selador_deploy.account import ClientMaker, client_maker
from selador_deploy.bootstrap import bootstrap
from selador_deploy.checks import check_format, test, validate
from selador_deploy.command import Command, Flag, parse
from selador_deploy.cost.cost import cost
from selador_deploy.deployment import Deployment
from selador_deploy.destroy import destroy
from selador_deploy.doctor import doctor
from selador_deploy.drift import drift
from selador_deploy.environment import LAPTOP, find_environment
from selador_deploy.errors import DeployError, TerraformFailedError
from selador_deploy.laptop import find_laptop
from selador_deploy.moving_in.moving_in import import_hand_made
from selador_deploy.operations.dlq import dlq
from selador_deploy.operations.hurt import hurt
from selador_deploy.operations.logs import logs
from selador_deploy.operations.redrive import redrive
from selador_deploy.operations.redrive_run import INTERRUPTED_STATUS
from selador_deploy.operations.trace import trace
from selador_deploy.page_test import page_test
from selador_deploy.plan.apply import apply, show
from selador_deploy.plan.comment import comment
from selador_deploy.plan.plan import plan
from selador_deploy.progress import say
from selador_deploy.releases import publish
from selador_deploy.smoke.smoke import smoke
from selador_deploy.state import init, outputs, unlock
from selador_deploy.terraform import Terraform

ENV = Flag("env", "the environment: a file of terraform/environments, without .tfvars", "NAME", required=True)
DIST = Flag("dist", "the folder with manifest.json and zips (default: dist)", "DIR")
RELEASE = Flag(
    "release", "a published release instead of the artifacts in dist, or `deployed`: the one that serves", "HASH"
)
DAYS_LEFT = Flag("days-left", "put the metric that the environment's alarm model-retires watches")
ALLOW_DESTROY = Flag("allow-destroy", "addresses of the stateful resources that may go", "ADDRESSES")
API = Flag("api", "the id or the name of the WebSocket API that was made by hand", "ID", required=True)
ADOPT = Flag("adopt", "take what exists already and is in no state into it, as after a killed apply")
CONFIRM = Flag("confirm", "the environment's name, instead of typing it", "NAME")
JSON = Flag("json", "print JSON", parameter="as_json")
PLAN = Flag("plan", "the hash of the saved plan, as make plan printed it: needed if its mode is not 600", "SHA256")
LOCK = Flag("lock", "the lock's id, as the refusal printed it", "ID", required=True)
YES = Flag("yes", "don't ask")
DO_IT = Flag("yes", "do it, instead of saying what would be done")
FIRST = Flag("first", "how many are sent first, to see how they end (default: 3)", "NUMBER")
RATE = Flag("rate", "how many are sent a second after them (default: 2)", "NUMBER")
PURGE_GONE = Flag("purge-gone", "delete letters whose client is gone")
PURGE_MALFORMED = Flag("purge-malformed", "delete letters that are no request")
REQUEST = Flag("request", "the request's id", "ID", required=True)
FOLLOWED_REQUEST = replace(REQUEST, help="show the lines of this request only", required=False)
SINCE = Flag("since", "how far to look back, such as 90m, 6h or 2d", "SPAN")
LEVEL = Flag("level", "debug, info, warning or error: show such lines and graver ones (default: info)", "NAME")
SHOW_TEXT = Flag("show-text", "print the questions, too: they are your users' own")
URL = Flag("url", "a deployment's WebSocket URL, instead of the environment's", "URL")
TOKEN = Flag(
    "token", "the JWT of a client, if it has to have one; others can read it here, so set SELADOR_TOKEN", "JWT"
)
ALARM = Flag("alarm", "the alarm's key: the last part of its name, and its runbook's (default: one that pages)", "KEY")
REQUESTS = Flag("requests", "requests a month (default: three sizes)", "NUMBER")
REQUESTS_A_DAY = Flag("requests-a-day", "requests a day, instead", "NUMBER")
TOKENS_IN = Flag("tokens-in", "what the model reads for an answer (default: 3000)", "NUMBER")
TOKENS_OUT = Flag("tokens-out", "what it writes (default: 400)", "NUMBER")
ANSWER_SECONDS = Flag("answer-seconds", "how long main works on a request (default: 10)", "NUMBER")
FIRST_WORDS_SECONDS = Flag("first-words-seconds", "how much of it passes before the first word (default: 3)", "NUMBER")
CONNECTION_MINUTES = Flag("connection-minutes", "how long a client stays connected for it (default: 5)", "NUMBER")
MEMORY_MB = Flag("memory-mb", "main's memory (default: 512)", "NUMBER")
MODEL = Flag("model", "whose tokens: nova-lite, nova-pro, claude-haiku-4-5 or claude-sonnet-4-6", "NAME")
ARCHITECTURE = Flag("architecture", "arm64 or x86_64 (default: arm64)", "NAME")
AUTH = Flag("auth", "none, iam or jwt (default: iam)", "NAME")
KMS = Flag("kms", "with a KMS key of the environment's own")
PR = Flag("pr", "the pull request's number", "NUMBER", required=True)
RESULTS = Flag("results", "append what the next job needs to this file, as NAME=VALUE; such as $GITHUB_OUTPUT", "FILE")
HEARTBEAT = Flag("heartbeat", "put the metric that the environment's alarm heartbeat-fails watches")

# A command is a row here and its function. One with ENV gets a Deployment, and is a target of make: a test compares its
# line there with the row. One without ENV gets Terraform.
COMMANDS = (
    Command("doctor", doctor, "name what a first apply of ENV lacks, and the remedy; DAYS_LEFT=1", (ENV, DAYS_LEFT)),
    Command(
        "bootstrap",
        bootstrap,
        "make the buckets and the log role of ENV's account, once; YES=1 doesn't ask",
        (ENV, YES),
    ),
    Command("init", init, "connect to ENV's state and select its workspace", (ENV,)),
    Command(
        "publish", publish, "upload the artifacts in dist/ to ENV's bucket, each under its hash", (ENV, DIST, RESULTS)
    ),
    Command(
        "plan",
        plan,
        "plan ENV with dist/ or RELEASE=…, summarize and save it; JSON=1, ALLOW_DESTROY='…', ADOPT=1",
        (ENV, RELEASE, DIST, ALLOW_DESTROY, ADOPT, JSON, RESULTS),
    ),
    Command(
        "import",
        import_hand_made,
        "find a system that was made by hand, and have make plan adopt it into ENV: API=<id or name>",
        (ENV, API, RELEASE, DIST),
    ),
    Command("show", show, "print the saved plan of ENV, whole; JSON=1, PLAN=<its hash>", (ENV, PLAN, JSON)),
    Command(
        "apply",
        apply,
        "apply the plan that `make plan` saved for ENV, if nothing has changed since; PLAN=<its hash>",
        (ENV, PLAN, RESULTS),
    ),
    Command("comment", comment, "put the last plan of ENV on the pull request PR=<its number>, by gh", (ENV, PR)),
    Command("outputs", outputs, "print ENV's URLs, queues and log groups; JSON=1", (ENV, JSON)),
    Command(
        "smoke",
        smoke,
        "ask ENV a question as a client, and say what fails and why; URL=…, TOKEN=…, HEARTBEAT=1",
        (ENV, URL, TOKEN, HEARTBEAT, RESULTS),
    ),
    Command(
        "page-test",
        page_test,
        "let one alarm of ENV go off by hand, and say whether its notification arrives; ALARM=…",
        (ENV, ALARM),
    ),
    Command("drift", drift, "exit 2 if what exists in ENV has moved from the state", (ENV, RELEASE, DIST)),
    Command("unlock", unlock, "take ENV's state from a holder that has died: LOCK=<id>", (ENV, LOCK)),
    Command(
        "destroy", destroy, "destroy ENV, after its name is typed, or CONFIRM=<its name>", (ENV, RELEASE, DIST, CONFIRM)
    ),
    Command(
        "dlq",
        dlq,
        "list ENV's dead letters: why, since when, who still waits; SHOW_TEXT=1, JSON=1",
        (ENV, SHOW_TEXT, JSON),
    ),
    Command(
        "redrive",
        redrive,
        "send dead letters again whose clients wait; YES=1, FIRST=3, RATE=2, PURGE_GONE=1, PURGE_MALFORMED=1",
        (ENV, DO_IT, FIRST, RATE, PURGE_GONE, PURGE_MALFORMED),
    ),
    Command(
        "trace",
        trace,
        "print one request's life from the logs: REQUEST=<id>, SINCE=1d",
        (ENV, REQUEST, SINCE),
    ),
    Command(
        "hurt",
        hurt,
        "say whose requests failed, and how: SINCE=1h, JSON=1",
        (ENV, SINCE, JSON),
    ),
    Command(
        "logs",
        logs,
        "follow what functions and API write: REQUEST=<id>, LEVEL=warning, SINCE=1m",
        (ENV, FOLLOWED_REQUEST, LEVEL, SINCE),
    ),
    Command(
        "cost",
        cost,
        "estimate a month's bill by service, beside other designs: REQUESTS=…, TOKENS_OUT=…, MODEL=…, JSON=1",
        (
            REQUESTS,
            REQUESTS_A_DAY,
            TOKENS_IN,
            TOKENS_OUT,
            ANSWER_SECONDS,
            FIRST_WORDS_SECONDS,
            CONNECTION_MINUTES,
            MEMORY_MB,
            MODEL,
            ARCHITECTURE,
            AUTH,
            KMS,
            JSON,
        ),
    ),
    Command("fmt-check", check_format, "show what terraform fmt would change, and fail if it would"),
    Command(
        "validate", validate, "validate the root, the bootstrap, each module and its example, and the examples' values"
    ),
    Command("test", test, "run terraform/tests, which ask AWS nothing"),
)


def main(
    arguments: Sequence[str], root: Path, environ: Mapping[str, str], make_client: ClientMaker | None = None
) -> int:
    """Run one command for the repository at `root`; return the exit status."""
    color = sys.stdout.isatty() and "NO_COLOR" not in environ
    try:
        command, options = parse(COMMANDS, arguments, environ, description=__doc__)
        status = execute(command, options, Terraform(root, environ, color), make_client) or 0
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # what reads our output has ended, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        say("Ctrl-C ended it")
        return INTERRUPTED_STATUS
    except TerraformFailedError as error:  # Terraform has said why
        return error.status
    except DeployError as error:
        say(str(error))
        return error.status


def execute(
    command: Command, options: dict[str, Any], terraform: Terraform, make_client: ClientMaker | None
) -> int | None:
    """Call the command's function with what it works on. Raises DeployError if it can't be done, or fails."""
    if ENV not in command.flags:
        return command.function(terraform, **options)
    environment = find_environment(options.pop("env"), terraform)
    laptop = find_laptop(terraform.root, terraform.environ) if environment.name == LAPTOP else None
    if laptop is None:
        deployment = Deployment(environment, make_client or client_maker(lambda: environment.region))
    else:
        environ = laptop.environ(terraform.environ)
        environment = replace(environment, terraform=replace(terraform, environ=environ))
        deployment = Deployment(environment, make_client or laptop.make_client, laptop.now)
    return command.function(deployment, **options)
