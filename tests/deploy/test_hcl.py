from selador_deploy import hcl


def test_values_are_pythons_own_and_expressions_are_not_evaluated() -> None:
    text = 'a = 60 # a comment\nb = "say \\"b\\""\nc = [true, null]\nd = { e = 1.5 }\nf = var.g + 1\n'

    assert hcl.read(text) == {"a": 60, "b": 'say "b"', "c": [True, None], "d": {"e": 1.5}, "f": "${var.g + 1}"}


def test_blocks_are_found_by_their_label() -> None:
    document = hcl.read('module "queue" {\n  name = "a"\n}\n\nmodule "main" {\n  name = "b"\n}\n')

    assert hcl.labelled(document, "module") == {"queue": {"name": "a"}, "main": {"name": "b"}}
    assert hcl.labelled(document, "variable") == {}


def test_the_local_values_of_a_file_may_stand_in_several_blocks() -> None:
    assert hcl.local_values(hcl.read("locals {\n  a = 1\n}\n\nlocals {\n  b = 2\n}\n")) == {"a": 1, "b": 2}
