"""What decides bytes beside this program and the interpreter, as installed from requirements-dev.txt."""

from importlib.metadata import version

_TOOLS = ("botocore", "build", "cyclonedx-python-lib", "deflate", "flit-core", "packaging", "pip")


def tool_versions() -> dict[str, str]:
    """The version of each tool, by its name."""
    return {tool: version(tool) for tool in _TOOLS}
