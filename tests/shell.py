"""The environment in which tests run: a developer's shell says nothing to them but where programs are."""

import os
from collections.abc import Mapping

from selador_local.stack.proxies import past_proxies

_PREFIXES = ("AWS_", "SELADOR_", "TF_CLI_ARGS", "TF_DATA_DIR", "TF_LOG", "TF_VAR_", "TF_WORKSPACE")
_NAMES = {"COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "PYTHONPATH", "PYTHONWARNINGS", "PYTHON_COLORS"}


def unaddressed(shell: Mapping[str, str]) -> dict[str, str]:
    """Return a shell's variables without those that change what is tested.

    No profile, region or key of AWS's is left, nor a file with one; no proxy is asked for what is on this machine.
    """
    kept = {name: value for name, value in shell.items() if name not in _NAMES and not name.startswith(_PREFIXES)}
    return {
        **kept,
        **past_proxies(kept),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
