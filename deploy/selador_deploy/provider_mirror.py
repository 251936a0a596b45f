"""Find a mirror of Terraform's provider on this machine, for use if the registry can't be reached.

Platform teams behind a firewall unpack providers into a folder laid out as `registry.terraform.io/hashicorp/aws/…` and
name it in Terraform's CLI configuration. If nobody has named one, this module finds it. It does nothing if a CLI
configuration is in force, or if the registry answers.
"""

import json
import re
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from selador_deploy.errors import DeployError

REGISTRY = "registry.terraform.io"
_PROVIDER = f"{REGISTRY}/hashicorp/aws"
SHARED_FOLDERS = tuple(Path(folder) for folder in ("/opt", "/usr/local/share", "/usr/share", "/usr/local/lib", "/srv"))
_SHARED_FOLDER_LEVELS = 3


def cli_configuration_in_force(environ: Mapping[str, str], home: Path) -> bool:
    """Say whether Terraform reads a CLI configuration: the file that TF_CLI_CONFIG_FILE names, or else the user's own.

    A TF_CLI_CONFIG_FILE that names no file is none: Terraform only warns of it.
    """
    named = environ.get("TF_CLI_CONFIG_FILE")
    if named:
        return Path(named).is_file()
    return (home / ".terraformrc").is_file() or any((home / ".terraform.d").glob("*.tfrc"))


def locked_version(lock: str) -> str:
    """Return the provider's version from the text of a `.terraform.lock.hcl`."""
    found = re.search(rf'"{re.escape(_PROVIDER)}"\s*{{\s*version\s*=\s*"([^"]+)"', lock)
    if found is None:
        raise DeployError(
            f"terraform/.terraform.lock.hcl names no version of {_PROVIDER}", "take that file from the last commit"
        )
    return found[1]


def implied_mirrors(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Return the folders that Terraform itself takes for mirrors, most specific first: its "implied local mirrors"."""
    data_home = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    data_dirs = (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    return [
        home / ".terraform.d/plugins",
        home / "Library/Application Support/io.terraform/plugins",
        Path("/Library/Application Support/io.terraform/plugins"),
        data_home / "terraform/plugins",
        *(Path(folder) / "terraform/plugins" for folder in data_dirs),
    ]


def folders_below(root: Path, levels: int) -> Iterator[Path]:
    """Yield `root` and the folders in it, down to `levels` below, nearest first; what can't be read is left out."""
    yield root
    if levels == 0:
        return
    try:
        children = sorted(child for child in root.iterdir() if child.is_dir() and not child.is_symlink())
    except OSError:
        return
    for child in children:
        yield from folders_below(child, levels - 1)


def holds_provider(mirror: Path, version: str) -> bool:
    """Say whether `mirror` has this version of the provider, unpacked or as the zips that a registry gives."""
    try:
        names = [entry.name for entry in (mirror / _PROVIDER).iterdir()]
    except OSError:
        return False
    return any(name == version or name.startswith(f"terraform-provider-aws_{version}_") for name in names)


def find_mirror(implied: Iterable[Path], shared: Iterable[Path], version: str) -> Path | None:
    """Return the first folder that holds the provider: an implied mirror, or a folder that administrators share."""
    candidates = [
        *implied,
        # The mirror is the folder above registry.terraform.io, hence one level less than that may lie deep.
        *(folder for root in shared for folder in folders_below(root, _SHARED_FOLDER_LEVELS - 1)),
    ]
    return next((folder for folder in candidates if holds_provider(folder, version)), None)


def cli_configuration(mirror: Path) -> str:
    """Return the text of a CLI configuration that takes this provider from `mirror` and others as always."""
    return f"""provider_installation {{
  filesystem_mirror {{
    path    = {json.dumps(str(mirror))}
    include = ["{_PROVIDER}"]
  }}
  direct {{
    exclude = ["{_PROVIDER}"]
  }}
}}
"""


def registry_answers(timeout_seconds: float = 3.0) -> bool:
    """Ask the registry for its service list, which needs no account."""
    request = urllib.request.Request(
        f"https://{REGISTRY}/.well-known/terraform.json", headers={"User-Agent": f"selador/{version('selador-deploy')}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds):
            return True
    except OSError:  # urllib's own errors among them
        return False


def configure(
    target: Path,
    environ: Mapping[str, str],
    *,
    home: Path,
    lock: str,
    answers: Callable[[], bool] = registry_answers,
    shared: Iterable[Path] = SHARED_FOLDERS,
) -> Path | None:
    """Write a CLI configuration to `target` if one is needed and a mirror is found.

    Return the mirror; otherwise None, with no file at `target`.
    """
    target.unlink(missing_ok=True)
    if cli_configuration_in_force(environ, home) or answers():
        return None
    mirror = find_mirror(implied_mirrors(environ, home), shared, locked_version(lock))
    if mirror is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(cli_configuration(mirror), encoding="utf-8")
    return mirror


def configured(target: Path, environ: Mapping[str, str], *, home: Path) -> Path | None:
    """Return `target` if an earlier `configure` wrote it and nothing else has come into force since."""
    return target if target.is_file() and not cli_configuration_in_force(environ, home) else None
