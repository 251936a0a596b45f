"""Start a program that the kernel kills when the process which started it ends.

Usage: `die_with_parent.py PARENT PROGRAM ARGUMENT…`, where PARENT is the process id of the one that starts it. A stack
killed outright (SIGKILL, a closed terminal) must leave no function behind. This is a program of its own, since code
between fork and exec is unsafe in a process with threads. Linux only.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>; it outlives exec


def main(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that started this one has already ended")
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
