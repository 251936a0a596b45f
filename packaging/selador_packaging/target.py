"""What the artifacts are built for: Lambda's python3.13 on Amazon Linux 2023, on either architecture.

The machine that builds has no say: markers and wheel tags are those of the target.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from selador_packaging.errors import PackagingError

type Architecture = Literal["arm64", "x86_64"]  # Lambda's own names

PYTHON_VERSION = "3.13"
GLIBC_MINORS = range(34, 16, -1)  # python3.13 runs on Amazon Linux 2023 (LAM-45): glibc 2.34; manylinux2014 is 2.17
MACHINES: dict[Architecture, str] = {"arm64": "aarch64", "x86_64": "x86_64"}  # what uname says there


@dataclass(frozen=True)
class Target:
    architecture: Architecture

    def __str__(self) -> str:
        return f"Python {PYTHON_VERSION} on Linux {self.architecture}"

    @property
    def machine(self) -> str:
        return MACHINES[self.architecture]

    @property
    def abi(self) -> str:
        return f"cp{PYTHON_VERSION.replace('.', '')}"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Platform tags of wheels that run there, best first."""
        newer = (f"manylinux_2_{minor}_{self.machine}" for minor in GLIBC_MINORS)
        return (*newer, f"manylinux2014_{self.machine}")

    def runs(self, filename: str) -> bool:
        """Whether a wheel of this name runs there; raises ValueError if it is no wheel's."""
        return not self._tags.isdisjoint(parse_wheel_filename(filename)[3])

    @cached_property
    def _tags(self) -> frozenset[Tag]:
        version = tuple(map(int, PYTHON_VERSION.split(".")))
        # As pip does, which takes wheels for the oldest glibc as well; there are none for arm64.
        platforms = [*self.platforms, *(f"{it}_{self.machine}" for it in ("manylinux2010", "manylinux1"))]
        return frozenset(
            (*cpython_tags(version, [self.abi], platforms), *compatible_tags(version, self.abi, platforms))
        )

    @property
    def marker_environment(self) -> dict[str, str]:
        """Every variable that an environment marker may name, so that none is taken from this machine.

        Lambda chooses the patch version of Python and the kernel; markers see the lowest and none.
        """
        return {
            "extra": "",
            "implementation_name": "cpython",
            "implementation_version": f"{PYTHON_VERSION}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{PYTHON_VERSION}.0",
            "python_version": PYTHON_VERSION,
            "sys_platform": "linux",
        }


def architecture_of(machine: str) -> Architecture:
    """Lambda's name for what `platform.machine()` says; raises PackagingError where Lambda has none."""
    names: dict[str, Architecture] = {"aarch64": "arm64", "arm64": "arm64", "amd64": "x86_64", "x86_64": "x86_64"}
    if machine.lower() not in names:
        raise PackagingError(f"this machine is {machine}, Lambda runs arm64 and x86_64; name one with --architecture")
    return names[machine.lower()]
