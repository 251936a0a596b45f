"""The modules' READMEs, compared with the modules."""

from pathlib import Path

import generate_readmes
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", generate_readmes.modules(ROOT), ids=lambda module: module.name)
def test_the_tables_are_what_the_module_has(module: Path) -> None:
    readme = (module / "README.md").read_text()

    assert generate_readmes.MARKERS.renewed(readme, generate_readmes.tables(module)) == readme, "run make readmes"


@pytest.mark.parametrize("example", generate_readmes.examples(ROOT), ids=lambda example: example.name)
def test_the_table_of_an_example_is_what_it_sets(example: Path) -> None:
    readme = (example / "README.md").read_text()

    assert generate_readmes.MARKERS.renewed(readme, generate_readmes.values(example)) == readme, "run make readmes"


def test_each_environment_of_an_example_has_a_column(tmp_path: Path) -> None:
    example = tmp_path / "examples/two"
    example.mkdir(parents=True)
    (tmp_path / "variables.tf").write_text(
        'variable "a" {\n  description = "One."\n}\nvariable "b" {\n  description = "Two:\\n- `c`: three."\n}\n'
    )
    (example / "live.tfvars").write_text("a = 1\n")
    (example / "test.tfvars").write_text('a = 2\nb = { c = "d" }\n')

    assert generate_readmes.values(example).splitlines() == [
        "| variable | live | test | |",
        "|---|---|---|---|",
        "| `a` | `1` | `2` | One |",
        '| `b` |  | `{"c": "d"}` | Two |',
    ]


def test_a_variable_without_a_description_is_refused() -> None:
    with pytest.raises(ValueError, match="a has no description"):
        list(generate_readmes.rows('variable "a" {\n  type = string\n}\n', "variable"))


def test_a_variable_is_shown_with_its_type_and_default() -> None:
    text = 'variable "a" {\n  description = "A \\"b\\"."\n  type        = set(string)\n  default     = []\n}\n'

    assert list(generate_readmes.rows(text, "variable")) == [generate_readmes.Row("a", 'A "b".', "set(string)", "[]")]


def test_a_description_of_several_lines_becomes_one_cell() -> None:
    description = '<<-EOT\n    One "a" | b:\n    - `c`: first\n      line;\n    - `d`.\n  EOT'
    text = f'output "a" {{\n  description = {description}\n  value       = 1\n}}\n'

    assert list(generate_readmes.rows(text, "output")) == [
        generate_readmes.Row("a", 'One "a" \\| b:<br>• `c`: first line;<br>• `d`.')
    ]


def test_a_fault_is_told_with_its_module(tmp_path: Path) -> None:
    module = tmp_path / "terraform"
    (module / "modules").mkdir(parents=True)
    (module / "variables.tf").write_text('variable "a" {\n  type = string\n}\n')
    (module / "README.md").write_text(f"{generate_readmes.MARKERS.begin}\n{generate_readmes.MARKERS.end}\n")

    with pytest.raises(SystemExit, match=r"readmes: terraform: a has no description; write one in its \.tf file"):
        generate_readmes.main([], tmp_path)
