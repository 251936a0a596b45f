from importlib.metadata import version

from selador_packaging.tools import tool_versions


def test_each_tool_has_the_version_that_is_installed() -> None:
    versions = tool_versions()

    assert versions["deflate"] == version("deflate")
    assert {"botocore", "flit-core", "pip"} <= versions.keys()
