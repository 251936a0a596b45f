import pytest
from packaging.markers import Marker, default_environment

from selador_packaging.errors import PackagingError
from selador_packaging.target import Architecture, Target, architecture_of


@pytest.mark.parametrize(
    ("architecture", "marker", "holds"),
    [
        ("arm64", "platform_machine == 'aarch64'", True),
        ("arm64", "platform_machine == 'x86_64'", False),
        ("x86_64", "platform_machine == 'x86_64'", True),
        ("x86_64", "sys_platform == 'linux' and os_name == 'posix'", True),
        ("x86_64", "sys_platform == 'win32'", False),
        ("x86_64", "python_version >= '3.13' and python_version < '3.14'", True),
        ("x86_64", "python_full_version >= '3.13.0'", True),
        ("x86_64", "platform_python_implementation == 'PyPy'", False),
        ("x86_64", "extra == 'crt'", False),
    ],
)
def test_markers_are_those_of_the_target(architecture: Architecture, marker: str, holds: bool) -> None:
    environment = Target(architecture).marker_environment

    assert Marker(marker).evaluate(environment) is holds


def test_no_marker_variable_is_left_to_this_machine() -> None:
    """`Marker.evaluate` fills what is missing from the running interpreter."""
    assert set(default_environment()) <= set(Target("arm64").marker_environment)


def test_platforms_go_from_the_newest_glibc_of_amazon_linux_2023_to_manylinux2014() -> None:
    platforms = Target("arm64").platforms

    assert platforms[0] == "manylinux_2_34_aarch64"
    assert platforms[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")],
)
def test_the_machine_is_given_lambdas_name(machine: str, architecture: Architecture) -> None:
    assert architecture_of(machine) == architecture


def test_a_machine_that_lambda_does_not_have_is_refused() -> None:
    with pytest.raises(PackagingError, match="riscv64, Lambda runs arm64 and x86_64; name one with --architecture"):
        architecture_of("riscv64")
