"""The files of terraform/tests, each of which repeats what Terraform doesn't let them share."""

from pathlib import Path

from selador_deploy import hcl

FILES = sorted((Path(__file__).parents[2] / "terraform/tests").glob("*.tftest.hcl"))


def test_each_file_begins_with_the_same_provider() -> None:
    providers = {file.name: hcl.labelled(hcl.read(file.read_text()), "provider") for file in FILES}

    assert len(providers) >= 7
    assert all(provider == providers["root.tftest.hcl"] for provider in providers.values()), providers
