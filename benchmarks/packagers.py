"""The tools that are compared, each as its documentation says to build a Lambda zip with it, and ours.

Each makes the functions' artifacts from the same sources and each function's share of the same lock. Tools that aren't
ours are installed into virtual environments of their own below build/benchmark, and are no dependency of the project.
"""

import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

FUNCTIONS = {
    "websocket_handler": "selador_websocket_handler",
    "authorizer": "selador_authorizer",
    "main": "selador_main",
}

_TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
{resources}
"""
_RESOURCE = """  {name}:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: {folder}, Handler: {module}.handler.handle, Runtime: python3.13, Architectures: [x86_64]}}
"""


def run(command: Sequence[str | Path], cwd: Path, **environment: str) -> None:
    """Run `command`; raises RuntimeError with the last it said."""
    found = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if found.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {found.stdout.strip().splitlines()[-1:]}")


def zip_folder(folder: Path, archive: Path) -> None:
    """As everybody's build script does it."""
    archive.unlink(missing_ok=True)
    run(["zip", "-qr", archive, "."], cwd=folder)


class Packager(ABC):
    """Builds from `project`, with all that it needs below `folder`."""

    name = ""
    distribution = ""
    """What pip installs for it; empty: nothing."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project = project
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._venv = folder / "venv"
        if self.distribution and not (self._venv / "installed").exists():
            print(f"installing {self.distribution}", file=sys.stderr)
            run([sys.executable, "-m", "venv", "--clear", self._venv], cwd=folder)
            run([self._venv / "bin" / "python", "-m", "pip", "install", "--quiet", self.distribution], cwd=folder)
            (self._venv / "installed").touch()

    def tool(self, name: str) -> Path:
        return self._venv / "bin" / name

    def own(self, function: str) -> list[Path]:
        return [self.project / "functions" / name for name in ("shared", function)]

    def lock(self, function: str) -> Path:
        """What of the lock the function needs, and no more: nobody would pack the other's."""
        return self.project / f"requirements-{function}.txt"

    def artifact(self, function: str) -> Path:
        return self.folder / f"{function}.zip"

    @abstractmethod
    def build(self) -> None: ...


class Selador(Packager):
    name = "this project"

    def build(self) -> None:
        script = self.project / "packaging" / "build_artifacts.py"
        run([sys.executable, script, "--architecture", "x86_64", "--output", self.folder], cwd=self.project)


class Uv(Packager):
    name = "uv + zip"
    distribution = "uv"
    options: tuple[str, ...] = ()

    def install(self, function: str, target: Path) -> None:
        install: list[str | Path] = [
            self.tool("uv"),
            "pip",
            "install",
            "--quiet",
            "--python",
            sys.executable,
            "--target",
            target,
        ]
        install += ["--no-deps", *self.options]
        run([*install, "--require-hashes", "--requirement", self.lock(function)], cwd=self.folder)
        run([*install, *self.own(function)], cwd=self.folder)

    def build(self) -> None:
        for function in FUNCTIONS:
            target = self.folder / function
            shutil.rmtree(target, ignore_errors=True)
            self.install(function, target)
            zip_folder(target, self.artifact(function))


class UvCompiled(Uv):
    name = "uv --compile-bytecode + zip"
    options = ("--compile-bytecode",)


class Pip(Uv):
    name = "pip + zip"
    distribution = ""

    def install(self, function: str, target: Path) -> None:
        install: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        install += ["--target", target]
        run([*install, "--require-hashes", "--requirement", self.lock(function)], cwd=self.folder)
        run([*install, "--no-build-isolation", *self.own(function)], cwd=self.folder)


class Pex(Packager):
    name = "pex"
    distribution = "pex"

    def artifact(self, function: str) -> Path:
        return self.folder / f"{function}.pex"

    def build(self) -> None:
        # A file with hashes allows nothing without one, and the project's own wheels are in no lock.
        for function in FUNCTIONS:
            lock = self.lock(function).read_text(encoding="utf-8")
            pinned = [line.partition(" ")[0] for line in lock.splitlines()]
            command: list[str | Path] = [self.tool("pex"), "--python", sys.executable, "--intransitive"]
            run([*command, *pinned, *self.own(function), "--output-file", self.artifact(function)], cwd=self.folder)


class Sam(Packager):
    name = "sam build + zip"
    distribution = "aws-sam-cli"

    def build(self) -> None:
        resources = []
        for function, module in FUNCTIONS.items():
            source = self.folder / "source" / function
            shutil.rmtree(source, ignore_errors=True)
            source.mkdir(parents=True)
            shutil.copyfile(self.lock(function), source / "requirements.txt")
            # Its builder takes a folder with the code in it, so the project's own packages are copied there.
            for folder in self.own(function):
                for package in folder.glob("selador_*"):
                    shutil.copytree(package, source / package.name)
            name = function.title().replace("_", "")
            resources.append(_RESOURCE.format(name=name, folder=source, module=module))
        (self.folder / "template.yaml").write_text(_TEMPLATE.format(resources="".join(resources)), encoding="utf-8")
        python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        run([self.tool("sam"), "build"], cwd=self.folder, SAM_CLI_TELEMETRY="0", PATH=python, AWS_REGION="us-east-1")
        for function in FUNCTIONS:
            built = self.folder / ".aws-sam" / "build" / function.title().replace("_", "")
            zip_folder(built, self.artifact(function))


PACKAGERS: list[type[Packager]] = [Selador, Uv, UvCompiled, Pip, Pex, Sam]
