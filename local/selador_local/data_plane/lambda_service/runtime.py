"""Python and AWS's runtime client for the functions, which can import nothing else that is installed here."""

import sys
from importlib import metadata
from pathlib import Path

from selador_local.data_plane.deployment import DeploymentError, Function

DISTRIBUTIONS = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""awslambdaric and its dependencies."""


def interpreter(function: Function) -> Path:
    """Return the Python below this virtual environment. It starts without the environment's packages.

    Raises DeploymentError if the function needs another version.
    """
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if function.runtime != name:
        raise DeploymentError(f"{function.name} wants {function.runtime}; the stack runs functions on {name} only")
    return Path(sys.base_prefix) / "bin" / name


def make_runtime_dir(folder: Path) -> Path:
    """Fill `folder`, Lambda's /var/runtime, with symbolic links to the files of DISTRIBUTIONS; return it.

    A link that is right is left alone: a function may be starting from it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in DISTRIBUTIONS:
        distribution = metadata.distribution(name)
        tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] not in {"..", "__pycache__"}}
        for top in tops:
            link, target = folder / top, Path(str(distribution.locate_file(top))).resolve()
            if link.is_symlink() and link.readlink() == target:
                continue
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    return folder
