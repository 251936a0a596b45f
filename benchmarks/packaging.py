"""Measure the artifacts and their builder against other tools, in one session, and write benchmarks/packaging.md.

Figures are medians; the tools take turns, so that a busy moment meets all of them. The first run installs the tools,
which takes minutes. Nothing of the working tree is changed: a copy below build/benchmark is.
"""

import argparse
import hashlib
import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.cold_start import Starter
from benchmarks.packagers import FUNCTIONS, PACKAGERS, Packager, Pip, Selador, Uv, run
from selador_packaging.circumstances import PLAIN, copy_project
from selador_packaging.lock import read_lock
from selador_packaging.target import Target

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "build" / "benchmark"
# To reach: zips without and with bytecode, starts against stale and valid bytecode of pip's. Three quarters of the
# authorizer's zip is compiled code, which everybody packs alike.
LIMITS = {"websocket_handler": (0.20, 0.40, 0.30, 0.70), "main": (0.20, 0.40, 0.33, 0.80)}
NO_LIMITS = (None, None, None, None)
# What terraform-aws-lambda's package.py imports before it does anything: the least that a run of it can take.
PACKAGE_PY_IMPORTS = (
    "import os, re, time, stat, json, shlex, shutil, hashlib, zipfile, argparse, datetime, tempfile, operator, "
    "platform, subprocess, threading, contextlib, base64, logging"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="builds of each kind (default: %(default)s)")
    parser.add_argument("--starts", type=int, default=15, help="starts of each handler (default: %(default)s)")
    arguments = parser.parse_args()
    project = FOLDER / "project"
    run([sys.executable, PROJECT / "packaging" / "build_artifacts.py", "--architecture", "x86_64"], cwd=PROJECT)
    lay_out(project)
    tools, excuses = [], []
    for kind in PACKAGERS:
        try:
            tool = kind(project, FOLDER / kind.__name__.lower())
            tool.build()
            tools.append(tool)
        except (RuntimeError, OSError) as error:
            excuses.append(f"{kind.name} could not be run: {error}")
    about = (
        f"`make bench-packaging`, {platform.python_implementation()} {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores, wheels fetched before. Medians of {arguments.rounds} builds "
        f"and {arguments.starts} starts. Each tool builds the functions' artifacts from the "
        "same sources, and from each function's share of the same lock."
    )
    changed = rebuild_seconds(tools, arguments.rounds)
    lines = ["# Packaging, measured", "", about, "", *write_tools(changed)]
    lines += [f"\n{excuse}" for excuse in excuses]
    lines += ["", *write_figures(changed, arguments.starts), "", *write_members(tools[0])]
    report = "\n".join(lines)
    (PROJECT / "benchmarks" / "packaging.md").write_text(f"{report}\n", encoding="utf-8")
    print(report)


def lay_out(project: Path) -> None:
    """Copy what artifacts are made of to the folder `project`, with a lock for each function of all that it needs."""
    shutil.rmtree(project, ignore_errors=True)
    copy_project(PROJECT, project, PLAIN)
    lock = (project / "requirements.txt").read_bytes()
    releases = read_lock(lock, Target("x86_64").marker_environment, place="requirements.txt")
    manifest = json.loads((PROJECT / "dist" / "manifest.json").read_text(encoding="utf-8"))
    for function, artifact in manifest["artifacts"].items():
        needed = [releases[it["name"]] for it in artifact["wheels"] if it["name"] in releases]
        lines = [f"{it} {' '.join(f'--hash=sha256:{digest}' for digest in sorted(it.sha256s))}" for it in needed]
        (project / f"requirements-{function}.txt").write_text("\n".join(lines), encoding="utf-8")


def write_tools(changed: dict[Packager, float]) -> list[str]:
    """Lines of a table of the tools that have the seconds `changed` for a rebuild after one changed line."""
    sizes = " | ".join(f"{function}, MB" for function in FUNCTIONS)
    lines = [f"| tool | {sizes} | rebuild after one changed line, s | same bytes twice |"]
    lines.append(f"|---|{'--:|' * len(FUNCTIONS)}--:|---|")
    for tool, taken in changed.items():
        sizes = " | ".join(f"{tool.artifact(it).stat().st_size / 1e6:.2f}" for it in FUNCTIONS)
        lines.append(f"| {tool.name} | {sizes} | {taken:.2f} | {is_repeatable(tool)} |")
    return lines


def write_figures(changed: dict[Packager, float], starts: int) -> list[str]:
    ours = next(tool for tool in changed if isinstance(tool, Selador))
    uv = next(tool for tool in changed if type(tool) is Uv)
    lines = ["| figure | ours | other | ratio | to reach |", "|---|--:|--:|--:|--:|"]

    def add(figure: str, mine: float, other: float, unit: str, limit: float | None) -> None:
        reach = "" if limit is None else f"≤ {limit}"
        lines.append(f"| {figure} | {mine:.3g} {unit} | {other:.3g} {unit} | {mine / other:.3f} | {reach} |")

    for function in FUNCTIONS:
        mine, other = (tool.artifact(function).stat().st_size / 1e6 for tool in (ours, uv))
        bytecode = bytecode_size(ours.artifact(function)) / 1e6
        bare, whole, _, _ = LIMITS.get(function, NO_LIMITS)
        add(f"{function}: zip without bytecode, against uv + zip", mine - bytecode, other, "MB", bare)
        add(f"{function}: zip with bytecode, against uv + zip", mine, other, "MB", whole)
    add("rebuild after one changed line, against uv + zip", changed[ours], changed[uv], "s", 0.25)
    ours.build()
    time.sleep(0.1)
    ours.build()
    same = alternate(
        {"ours": ours.build, "imports": lambda: run([sys.executable, "-c", PACKAGE_PY_IMPORTS], FOLDER)}, 15
    )
    add("no-change build, against that rebuild of uv + zip", same["ours"], changed[uv], "s", 0.5)
    add("no-change build, against only package.py's imports", same["ours"], same["imports"], "s", 0.5)
    pip = next(tool for tool in changed if type(tool) is Pip)
    for function, module in FUNCTIONS.items():
        mine, stale, valid = start_cpu_seconds(function, module, ours, pip, starts)
        _, _, to_stale, to_valid = LIMITS.get(function, NO_LIMITS)
        add(f"{function}: CPU of a start, against pip + zip unpacked without file times", mine, stale, "s", to_stale)
        add(f"{function}: CPU of a start, against pip + zip unpacked with them", mine, valid, "s", to_valid)
    verified = subprocess.run(
        [sys.executable, PROJECT / "packaging" / "verify_artifacts.py"], capture_output=True, text=True, check=False
    )
    return [*lines, "", "## Rebuilt under other circumstances", "", "```", verified.stdout.strip(), "```"]


def write_members(ours: Packager) -> list[str]:
    lines = ["## The largest members", ""]
    for function in FUNCTIONS:
        with zipfile.ZipFile(ours.artifact(function)) as archive:
            largest = sorted(archive.infolist(), key=lambda it: it.compress_size, reverse=True)[:10]
        lines += [f"| {function}.zip | bytes |", "|---|--:|"]
        lines += [f"| `{it.filename}` | {it.compress_size:,} |" for it in largest]
        lines.append("")
    return lines[:-1]


def rebuild_seconds(tools: list[Packager], rounds: int) -> dict[Packager, float]:
    """Median seconds of a build of all artifacts after a line of the main function was changed."""
    source = tools[0].project / "functions" / "main" / "selador_main" / "handler.py"
    original = source.read_text(encoding="utf-8")
    numbers = itertools.count(int(time.time()))
    taken: dict[Packager, list[float]] = {tool: [] for tool in tools}
    try:
        for tool in [tool for _ in range(rounds) for tool in tools]:
            source.write_text(f"{original}\nBENCHMARK = {next(numbers)}\n", encoding="utf-8")
            taken[tool].append(seconds(tool.build))
    finally:
        source.write_text(original, encoding="utf-8")
        for tool in tools:
            tool.build()
    return {tool: median(values) for tool, values in taken.items()}


def is_repeatable(tool: Packager) -> str:
    """Whether a build elsewhere, with younger files, gives the same bytes."""
    before = [hashlib.sha256(tool.artifact(it).read_bytes()).digest() for it in FUNCTIONS]
    elsewhere = FOLDER / "elsewhere" / "project"
    lay_out(elsewhere)
    time.sleep(2)  # a zip's times have two seconds' resolution
    other = type(tool)(elsewhere, tool.folder)
    other.build()
    after = [hashlib.sha256(tool.artifact(it).read_bytes()).digest() for it in FUNCTIONS]
    return "yes" if before == after else "no"


def start_cpu_seconds(function: str, module: str, ours: Packager, pip: Packager, starts: int) -> list[float]:
    """Median CPU seconds of a start of ours, of pip's without file times, and of pip's with them.

    pip compiles what it installs. Python trusts that bytecode only if the source has the time that it was compiled at.
    """
    starter = Starter(FOLDER / "runtime")
    place = FOLDER / "task" / function
    shutil.rmtree(place, ignore_errors=True)
    mine, stale, valid = tasks = [place / name for name in ("ours", "stale", "valid")]
    for task, tool in ((mine, ours), (stale, pip)):
        with zipfile.ZipFile(tool.artifact(function)) as archive:
            archive.extractall(task)
    valid.mkdir()
    run(["unzip", "-q", pip.artifact(function)], cwd=valid)
    taken = [[starter.cpu_seconds(task, f"{module}.handler.handle") for task in tasks] for _ in range(starts)]
    return [median(column) for column in zip(*taken, strict=True)]


def alternate(runs: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for name in [name for _ in range(rounds) for name in runs]:
        taken[name].append(seconds(runs[name]))
    return {name: median(values) for name, values in taken.items()}


def seconds(action: Callable[[], None]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def bytecode_size(archive: Path) -> int:
    """Bytes that the zip would lack without bytecode: the members and their two headers."""
    with zipfile.ZipFile(archive) as opened:
        return sum(
            it.compress_size + 76 + 2 * len(it.filename) for it in opened.infolist() if it.filename.endswith(".pyc")
        )


if __name__ == "__main__":
    main()
