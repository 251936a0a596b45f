import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.closure import Metadata, find_requirements, parse_metadata
from selador_packaging.errors import PackagingError
from selador_packaging.target import Architecture, Target


def closure_of(root: str, *, architecture: Architecture = "arm64", **requires: list[str]) -> set[str]:
    """The closure of `root` where every keyword is a distribution at version 1.0 and what it requires."""
    available = {
        canonicalize_name(name): Metadata(canonicalize_name(name), "1.0", tuple(map(Requirement, lines)))
        for name, lines in requires.items()
    }
    return set(find_requirements(canonicalize_name(root), available, Target(architecture).marker_environment))


def test_it_holds_what_is_required_directly_and_not() -> None:
    assert closure_of("main", main=["boto3"], boto3=["six"], six=[], unused=[]) == {"main", "boto3", "six"}


def test_a_cycle_ends() -> None:
    assert closure_of("a", a=["b"], b=["a"]) == {"a", "b"}


def test_names_are_compared_normalised() -> None:
    assert closure_of("a", a=["Typing.Extensions"], typing_extensions=[]) == {"a", "typing-extensions"}


def test_markers_are_the_targets() -> None:
    requires = ["intel; platform_machine == 'x86_64'", "windows; sys_platform == 'win32'"]

    assert closure_of("a", architecture="x86_64", a=requires, intel=[]) == {"a", "intel"}
    assert closure_of("a", architecture="arm64", a=requires, intel=[]) == {"a"}


def test_an_extra_brings_what_belongs_to_it() -> None:
    requires = ["crt; extra == 'crt'", "rare; extra == 'rare'"]

    assert closure_of("a", a=["b[crt]"], b=requires, crt=[], rare=[]) == {"a", "b", "crt"}
    assert closure_of("a", a=["b"], b=requires, crt=[], rare=[]) == {"a", "b"}


def test_an_extra_asked_for_later_is_still_followed() -> None:
    """`b` is met first without its extra, then by `c` with it."""
    assert closure_of("a", a=["b", "c"], b=["crt; extra == 'crt'"], c=["b[crt]"], crt=[]) == {"a", "b", "c", "crt"}


def test_an_extra_may_ask_for_another_extra_of_its_own_distribution() -> None:
    requires = ["b[crt]; extra == 'all'", "crt; extra == 'crt'"]

    assert closure_of("a", a=["b[all]"], b=requires, crt=[]) == {"a", "b", "crt"}


def test_all_that_is_missing_or_of_a_wrong_version_is_told_at_once() -> None:
    with pytest.raises(PackagingError) as refused:
        closure_of("a", a=["httpx", "b>=2"], b=[])

    assert refused.value.faults == (
        "a requires b>=2, but b is at 1.0; run make lock",
        "a requires httpx, which is not locked; add it to requirements.in and run make lock",
    )


def test_a_marker_that_means_nothing_is_told_with_what_it_belongs_to() -> None:
    with pytest.raises(PackagingError, match=r'^a requires b; os_name ~= "nt", whose marker means nothing: Undefined'):
        closure_of("a", a=["b; os_name ~= 'nt'"], b=[])


def test_metadata_gives_name_version_and_requirements() -> None:
    metadata = parse_metadata(b"Metadata-Version: 2.1\nName: My_Thing\nVersion: 1.0\nRequires-Dist: six>=1\n\nProse.\n")

    assert metadata == Metadata(NormalizedName("my-thing"), "1.0", (Requirement("six>=1"),))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"Metadata-Version: 2.1\nName: thing\n", "no Name or no Version"),
        (b"Name: thing\nVersion: 1\nRequires-Dist: six >=> 1\n", "unreadable Requires-Dist"),
        (b"Name: thing\nVersion: 1\nRequires-Dist: six; " + b"(" * 5000 + b"\n", "unreadable Requires-Dist"),
        (b"Name: thing\nVersion: 1\nRequires-Dist: six\nRequires-Dist: a; extra == 'd\xe9'\n", "it is no UTF-8"),
    ],
)
def test_metadata_that_cannot_be_read_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_metadata(content)
