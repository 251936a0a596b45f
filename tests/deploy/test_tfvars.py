from selador_deploy import tfvars


def test_one_line_values_are_read_and_longer_ones_left_out() -> None:
    text = """
# a comment
region    = "eu-central-1" # where
protected = true
ids       = ["1", "2"]
tags      = { "a" = 1 }
numbers   = {"a": 1}
main_function = {
  memory_mb = 1024
}
"""

    assert tfvars.read(text) == {"region": "eu-central-1", "protected": True, "ids": ["1", "2"]}
