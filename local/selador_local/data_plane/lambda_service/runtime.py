"""Python and AWS's runtime client as a function sees them: nothing else that is installed here is in its reach."""

import sys
from importlib import metadata
from pathlib import Path

from selador_local.data_plane.deployment import DeploymentError, Function

DISTRIBUTIONS = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""awslambdaric and all it depends on."""


def interpreter(function: Function) -> Path:
    """The Python below this virtual environment, without whose packages it starts.

    Raises DeploymentError when the function asks for another version.
    """
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if function.runtime != name:
        raise DeploymentError(f"{function.name} wants {function.runtime}; the stack runs functions on {name} only")
    return Path(sys.base_prefix) / "bin" / name


def make_runtime_dir(folder: Path) -> Path:
    """Make `folder`, Lambda's /var/runtime, of symbolic links to what DISTRIBUTIONS installed. Returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in DISTRIBUTIONS:
        distribution = metadata.distribution(name)
        tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] not in {"..", "__pycache__"}}
        for top in tops:
            link = folder / top
            link.unlink(missing_ok=True)
            link.symlink_to(Path(str(distribution.locate_file(top))).resolve())
    return folder
