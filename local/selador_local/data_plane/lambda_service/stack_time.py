"""Start a function whose clocks are the stack's: `stack_time.py SCALE ORIGIN HANDLER`.

Its leases, pauses and deadlines then go as fast as the queues and connections that they are about. Python's `time`,
`time_ns`, `monotonic`, `monotonic_ns` and `sleep` follow the stack's clock, and so does every wait on a condition, an
event or a queue. `datetime` and sockets keep the machine's time: signatures have a date, and work gets no faster.
"""

import os
import runpy
import sys
import time


def adopt(scale: float, origin: float) -> None:
    """Let this process's clocks go `scale` times as fast since `origin`, in seconds since the epoch."""
    machine_time, machine_monotonic, machine_sleep = time.time, time.monotonic, time.sleep
    time.time = lambda: origin + (machine_time() - origin) * scale
    time.time_ns = lambda: int(time.time() * 1e9)
    time.monotonic = lambda: machine_monotonic() * scale
    time.monotonic_ns = lambda: int(time.monotonic() * 1e9)
    time.sleep = lambda seconds: machine_sleep(float(seconds) / scale)

    import threading  # noqa: PLC0415  # it takes its clock when it is imported

    wait = threading.Condition.wait

    def wait_by_the_stack(condition: threading.Condition, timeout: float | None = None) -> bool:
        return wait(condition, None if timeout is None else timeout / scale)

    threading.Condition.wait = wait_by_the_stack  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]  # in place of this file's folder: the working one, as for `python -m`
    adopt(float(sys.argv[1]), float(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
