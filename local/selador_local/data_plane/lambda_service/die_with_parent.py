"""Start a program that the kernel kills when its parent process ends, and that obeys files' modes even as root.

Usage: `die_with_parent.py PARENT PROGRAM ARGUMENT…`. PARENT is the parent's process id. A stack that is killed outright
(SIGKILL, a closed terminal) must leave no function running. This is a program of its own because code between fork and
exec is unsafe in a process with threads. Linux only.

On Lambda the code folder can't be written. Here its modes say so, which root would ignore.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>; it outlives exec
_PR_CAPBSET_DROP = 24  # a dropped capability is gone after exec; whoever isn't root has none
_CAP_DAC_OVERRIDE = 1  # <linux/capability.h>: write what the modes forbid


def main(parent: int, command: list[str]) -> None:
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE)
    if os.getppid() != parent:
        sys.exit("the process that started this one has already ended")
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
