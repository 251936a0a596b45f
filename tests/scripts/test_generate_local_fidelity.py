"""docs/local-fidelity.md says what the cases of tests/conformance say."""

from pathlib import Path

import generate_local_fidelity
import pytest
from generate_local_fidelity import Case, Difference, Fact, Section, facts, page, section, with_the_rest

ROOT = Path(__file__).parents[2]

KNOWN = {
    "WS-01": Fact("WS-01", "ws-01"),
    "WS-02": Fact("WS-02", "ws-02", "what follows a message without one"),
    "WS-03": Fact("WS-03", "ws-03"),
}

SOURCE = '''"""Routes: which one a message takes."""

fact = pytest.mark.fact


@fact("WS-01", "WS-02")
def test_a_message_takes_its_route() -> None: ...


@fact("WS-03")
@pytest.mark.xfail(reason="Not here.")
def test_another() -> None: ...
'''


def test_the_page_is_up_to_date_and_shows_150_facts_at_least() -> None:
    page = (ROOT / generate_local_fidelity.DOCUMENT).read_text(encoding="utf-8")

    assert page == generate_local_fidelity.written(ROOT), "run make tables"
    assert int(page.split("**")[page.split("**").index("differs") + 2].split()[0]) >= 150


@pytest.mark.parametrize(
    ("entry", "unverified"),
    [
        ("(read): A fact. [a source]", None),
        ("(read, unverified): A fact. Unverified: how\n  far. [a source; another]", "how far."),
        ("(unverified): Unverified: how far.", "how far."),
        ("(unverified): A whole fact.", "A whole fact."),
    ],
)
def test_a_fact_is_read_with_what_no_source_says(entry: str, unverified: str | None) -> None:
    document = f'- <a id="ws-01"></a>**WS-01** {entry}\n- <a id="ws-02"></a>**WS-02** (read): Another.\n'

    assert facts(document)["WS-01"] == Fact("WS-01", "ws-01", unverified)


def test_a_module_is_read_with_its_facts_and_reasons() -> None:
    assert section("test_routes.py", SOURCE) == Section(
        "Routes",
        (
            Case("test_routes.py", "test_a_message_takes_its_route", ("WS-01", "WS-02"), None),
            Case("test_routes.py", "test_another", ("WS-03",), "Not here."),
        ),
    )


def test_a_case_without_a_fact_is_refused() -> None:
    with pytest.raises(ValueError, match="test_x names no fact; decorate it with @fact"):
        section("test_routes.py", "def test_x() -> None: ...\n")


KNOWN_WITHOUT_A_CASE = """
[routes]
alike = ["Routes have names."]
assumed = ["Names are guessed."]
differs = [{ what = "the colour", here = "blue", aws = "green" }]
"""


def test_what_no_case_shows_is_read_for_its_module() -> None:
    routes = section("test_routes.py", SOURCE)

    (read,) = with_the_rest({"routes": routes}, KNOWN_WITHOUT_A_CASE)

    assert read == Section(
        "Routes",
        routes.cases,
        ("Routes have names.",),
        ("Names are guessed.",),
        (Difference("the colour", here="blue", aws="green"),),
    )


def test_what_no_case_shows_needs_a_module_that_is_there() -> None:
    with pytest.raises(ValueError, match="no module of cases is named routes"):
        with_the_rest({}, KNOWN_WITHOUT_A_CASE)


def test_facts_are_counted_by_what_their_cases_show() -> None:
    written = page(KNOWN, with_the_rest({"routes": section("test_routes.py", SOURCE)}, KNOWN_WITHOUT_A_CASE))

    assert "**3 facts** are shown in 1 sections: 1 match, 1 are emulated without a source, 1 differ." in written
    assert "no case shows, 1 points are alike, 1 are emulated without a source, 1 differ." in written
    assert "| Routes | 2 | 1 | 1 | 1 | 1 | 1 | 1 |" in written
    assert "| [WS-03](aws-facts.md#ws-03) | Not here. | [another](../tests/conformance/test_routes.py) |" in written
    assert "| Routes | the colour | blue | green |" in written
    assert "| [WS-02](aws-facts.md#ws-02) | what follows a message without one | [a message takes its route]" in written
    assert "- Routes: Names are guessed." in written
    assert "- Routes have names." in written


def test_the_script_writes_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests/conformance").mkdir(parents=True)
    lines = [f'- <a id="{fact.anchor}"></a>**{fact.code}** (read): Said.\n' for fact in KNOWN.values()]
    (tmp_path / generate_local_fidelity.WITHOUT_A_CASE).write_text(KNOWN_WITHOUT_A_CASE)
    (tmp_path / "docs/aws-facts.md").write_text("".join(lines))
    (tmp_path / "tests/conformance/test_routes.py").write_text(SOURCE)

    assert generate_local_fidelity.main([], tmp_path) == 0
    assert "wrote docs/local-fidelity.md" in capsys.readouterr().out
    assert generate_local_fidelity.main([], tmp_path) == 0
    assert capsys.readouterr().out == ""
