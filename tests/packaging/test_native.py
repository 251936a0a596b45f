"""Files that are compiled for another machine or Python than Lambda's, wherever they come from."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from selador_packaging.artifacts import Artifact
from selador_packaging.compression import pack
from selador_packaging.errors import PackagingError
from selador_packaging.native import find_unfit
from selador_packaging.target import Target

type WriteWheel = Callable[..., Path]
type Make = Callable[..., Artifact]

SHARED_OBJECT = 3
AARCH64, X86_64, RISCV, S390X = 183, 62, 243, 22


def elf(machine: int, kind: int = SHARED_OBJECT, order: str = "<") -> bytes:
    """The head of an ELF file, and what may follow."""
    return (
        b"\x7fELF\x02"
        + bytes([1 if order == "<" else 2])
        + bytes(10)
        + struct.pack(f"{order}HH", kind, machine)
        + b"code"
    )


def linked(machine: int, library: bytes, damage: slice = slice(0)) -> bytes:
    """A shared object that needs `library`: a header, two program headers, and a dynamic section with its strings."""
    strings = b"\0" + library + b"\0"
    dynamic = struct.pack("<qQqQqQ", 1, 1, 5, 0x1000 + 64 + 2 * 56 + 48, 0, 0)
    header = elf(machine)[:20].ljust(32, b"\0") + struct.pack("<QQIHHHHHH", 64, 0, 0, 64, 56, 2, 0, 0, 0)
    length = len(header) + 2 * 56 + len(dynamic) + len(strings)
    loaded = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x1000, 0x1000, length, length, 0x1000)
    needs = struct.pack("<IIQQQQQQ", 2, 6, 64 + 2 * 56, 0x1000 + 64 + 2 * 56, 0, len(dynamic), len(dynamic), 8)
    content = bytearray(header + loaded + needs + dynamic + strings)
    content[damage] = b"\xff" * len(content[damage])
    return bytes(content)


def unfit(*files: tuple[str, bytes]) -> list[str]:
    return find_unfit("thing.whl", [pack(path, content) for path, content in files], Target("arm64"))


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("thing/_fast.so", elf(X86_64), "is compiled for x86_64"),
        ("thing/_fast.abi3.so", elf(X86_64), "is compiled for x86_64"),
        ("thing/libfast.so.1", elf(RISCV), "is compiled for riscv64"),
        ("thing/programs/tool", elf(X86_64, kind=2), "is compiled for x86_64"),
        ("thing/_fast.so", elf(S390X, order=">"), "is compiled for s390x"),
        ("thing/_fast.so", elf(999), "is compiled for machine 999 of the ELF format"),
        ("thing/_fast.abi3.so", linked(AARCH64, b"libc.musl-aarch64.so.1"), "needs the C library musl, and Lambda has"),
        ("thing/_fast.so", b"\xcf\xfa\xed\xfe" + bytes(20), "is compiled for macOS"),
        (
            "thing/_fast.cpython-312-aarch64-linux-gnu.so",
            elf(AARCH64),
            "has the name of one for cpython-312-aarch64-linux-gnu, not cpython-313-aarch64-linux-gnu",
        ),
        ("thing/_fast.cpython-313t-aarch64-linux-gnu.so", elf(AARCH64), "has the name of one for cpython-313t-"),
        ("thing/_fast.cpython-313-aarch64-linux-musl.so", elf(AARCH64), "has the name of one for cpython-313-aarch64-"),
        ("thing/_fast.cpython-313-x86_64-linux-gnu.so", elf(AARCH64), "has the name of one for cpython-313-x86_64-"),
        ("thing/_fast.pypy310-pp73-aarch64-linux-gnu.so", elf(AARCH64), "has the name of one for pypy310-pp73-"),
    ],
)
def test_a_file_that_does_not_run_on_the_target_is_named(path: str, content: bytes, reason: str) -> None:
    [fault] = unfit((path, content))

    assert fault.startswith(f"thing.whl has {path}, which {reason}")
    assert fault.endswith("; choose a version that has it for Python 3.13 on Linux arm64, or compile it for that")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("thing/_fast.so", elf(AARCH64)),
        ("thing/_fast.abi3.so", elf(AARCH64)),
        ("thing/_fast.cpython-313-aarch64-linux-gnu.so", elf(AARCH64)),
        ("thing/_fast.abi3.so", linked(AARCH64, b"libc.so.6")),
        ("thing/_fast.abi3.so", linked(AARCH64, b"libc.musl-aarch64.so.1", damage=slice(32, 64))),
        ("thing/_fast.abi3.so", linked(AARCH64, b"libc.musl-aarch64.so.1", damage=slice(176, 200))),
        ("thing/filter.bpf.o", elf(247, kind=1)),
        ("thing/Main.class", b"\xca\xfe\xba\xbe" + bytes(20)),
        ("thing/cut.so", b"\x7fELF"),
        ("thing/script.so", b"GROUP ( libfast.so.1 )"),
        ("thing/empty.so", b""),
    ],
)
def test_what_runs_there_or_nowhere_is_taken(path: str, content: bytes) -> None:
    assert unfit((path, content)) == []


def test_of_files_for_several_machines_and_pythons_one_has_to_run_there() -> None:
    several = [
        ("thing/x86_64/libfast.so", elf(X86_64)),
        ("thing/aarch64/libfast.so", elf(AARCH64)),
        ("thing/tool-linux-amd64", elf(X86_64, kind=2)),
        ("thing/tool-linux-arm64", elf(AARCH64, kind=2)),
        ("thing/_fast.cpython-312-aarch64-linux-gnu.so", elf(AARCH64)),
        ("thing/_fast.cpython-313-aarch64-linux-gnu.so", elf(AARCH64)),
    ]

    assert unfit(*several) == []
    assert len(unfit(*several, ("thing/_other.so", elf(X86_64)))) == 1


@pytest.mark.parametrize("inside", ["own", "needed"])
def test_an_artifact_for_arm64_takes_no_code_for_x86_64_from_a_wheel_for_any_machine(
    write_wheel: WriteWheel, make: Make, inside: str
) -> None:
    files = {"own": {"own/__init__.py": b"import needed"}, "needed": {"needed/__init__.py": b""}}
    files[inside][f"{inside}/_fast.so"] = elf(X86_64)
    wheels = [write_wheel(it, files=files[it], requires=("needed",) if it == "own" else ()) for it in files]

    with pytest.raises(
        PackagingError, match=rf"{inside}-1\.0-py3-none-any\.whl has {inside}/_fast\.so, which is compiled"
    ):
        make(*wheels)
