"""Serve the local control plane: `python -m selador_local.control_plane --port N --data-plane-port M`.

When it is ready, it prints one line of JSON on stdout: endpoint, region, account, and the administrator's keys. It
refuses requests with unknown keys. It ends at SIGTERM, at SIGINT, and if its parent process is gone.

With `--snapshot FILE` it begins with what that file holds, if there is one, and writes it when it is asked to. The
ready line then has `restored`. A file that can't be read is renamed, and `refused` says why and where it is.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
_PARENT_CHECK_SECONDS = 0.5

# moto reads these when it is imported: AWS's own policies can be attached, and no web page may read an answer.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT_ID
# moto takes a time without a zone for UTC in one place, for the machine's own in another.
os.environ["TZ"] = "UTC"
time.tzset()


def main(arguments: list[str]) -> int:
    """Run until told to end; return the exit status."""
    parent = os.getppid()  # first of all: it may be gone before the server is ready
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="control plane: %(message)s")

    from moto.sqs.models import sqs_backends  # noqa: PLC0415 # after the environment is set

    from selador_local.clock import StackClock  # noqa: PLC0415
    from selador_local.cloudwatch.metric_store import MetricStore  # noqa: PLC0415
    from selador_local.control_plane.front_door import server  # noqa: PLC0415
    from selador_local.control_plane.front_door.changes import Changes  # noqa: PLC0415
    from selador_local.control_plane.front_door.code_locations import CodeLocations  # noqa: PLC0415
    from selador_local.control_plane.front_door.iam import Iam  # noqa: PLC0415
    from selador_local.control_plane.front_door.internal_api import PREFIX, InternalApi  # noqa: PLC0415
    from selador_local.control_plane.moto_overlay.cloudwatch import minutes  # noqa: PLC0415
    from selador_local.control_plane.moto_overlay.install import install  # noqa: PLC0415
    from selador_local.control_plane.moto_overlay.invocations import DataPlaneInvocations  # noqa: PLC0415
    from selador_local.control_plane.moto_overlay.lambda_ import LambdaApi, LambdaBackend  # noqa: PLC0415
    from selador_local.control_plane.snapshot import Origin, Snapshot  # noqa: PLC0415

    try:
        listener = server.listen(options.port)
    except OSError as error:
        print(
            f"port {options.port} on {server.HOST} can't be used ({os.strerror(error.errno or 0)}); choose another",
            file=sys.stderr,
        )
        return 1
    endpoint = f"http://{server.HOST}:{listener.getsockname()[1]}"
    code_locations = CodeLocations(f"{endpoint}{PREFIX}code/")
    clock, metrics = StackClock(options.time_scale, options.time_origin), MetricStore()
    install(options.data_plane_port, code_locations, clock, metrics)
    snapshot = Snapshot(options.snapshot, Origin.here()) if options.snapshot else None
    begun_with = snapshot.restore() if snapshot else {}
    iam = Iam(ACCOUNT_ID, REGION)
    keys = iam.administrator()
    LambdaBackend.account_concurrency = options.account_concurrency
    LambdaApi.invocations = DataPlaneInvocations(options.data_plane_port, keys.secret_key)
    changes = Changes()
    internal_api = InternalApi(
        iam,
        code_locations,
        keys.secret_key,
        disturb_queues=sqs_backends[ACCOUNT_ID][REGION].disturb,
        metrics=metrics,
        changes=changes,
        snapshot=snapshot,
    )
    application = server.FrontDoor(iam, internal_api, changes, ACCOUNT_ID, REGION)
    httpd = server.make(listener, application, verbose=options.verbose)

    ready = {
        "endpoint": endpoint,
        "region": REGION,
        "accountId": ACCOUNT_ID,
        "accessKeyId": keys.access_key,
        "secretAccessKey": keys.secret_key,
        **begun_with,
    }
    minutes.start(ACCOUNT_ID, REGION, clock, metrics)
    _end_on_signal_or_orphaned(parent, httpd.shutdown)
    print(json.dumps(ready), flush=True)
    httpd.serve_forever()
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m selador_local.control_plane", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port to listen on at 127.0.0.1; 0 takes any free one")
    parser.add_argument("--data-plane-port", type=int, required=True, help="port of the WebSocket APIs")
    parser.add_argument("--time-scale", type=float, default=1, help="how much faster than the machine time goes")
    parser.add_argument("--time-origin", type=float, default=0, help="since when, in seconds since the epoch")
    parser.add_argument("--account-concurrency", type=int, default=1_000, help="invocations that may run at once")
    parser.add_argument("--snapshot", type=Path, metavar="FILE", help="file to begin with, and to keep what is held")
    parser.add_argument("--verbose", action="store_true", help="log each request on stderr")
    return parser.parse_args(arguments)


def _end_on_signal_or_orphaned(parent: int, end: Callable[[], None]) -> None:
    """Call `end` once, at a signal or if the parent process is gone: nothing of the stack may outlive its `make`."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())

    def wait() -> None:
        while not told.wait(_PARENT_CHECK_SECONDS) and os.getppid() == parent:
            pass
        end()  # in this thread: in the signal's handler it would wait for the loop that the handler interrupts

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
