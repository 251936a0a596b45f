"""What a model demands, by small models of one shape each; and that every model served here can be read."""

from typing import Any

import pytest
from botocore.model import ShapeResolver
from moto.core.utils import get_service_model

from selador_local.control_plane.front_door.constraints import compiled, violations

SHAPES: Any = {
    "Input": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Choice": {"shape": "Choice"},
            "Choices": {"shape": "Choices"},
            "Name": {"shape": "Name"},
            "Number": {"shape": "Number"},
            "Secrets": {"shape": "Secrets"},
            "Tags": {"shape": "Tags"},
            "Variables": {"shape": "Variables"},
        },
    },
    "Choice": {"type": "string", "enum": ["RED", "BLUE"]},
    "Choices": {"type": "list", "member": {"shape": "Choice"}, "max": 2},
    "Name": {"type": "string", "min": 2, "max": 4, "pattern": "[a-z]+"},
    "Number": {"type": "integer", "min": 50, "max": 60},
    "Secret": {"type": "string", "max": 3, "sensitive": True},
    "Secrets": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Secret"}},
    "Tag": {"type": "structure", "required": ["Key"], "members": {"Key": {"shape": "Name"}}},
    "Tags": {"type": "list", "member": {"shape": "Tag"}},
    "Variables": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}, "max": 2},
}


def found(**members: Any) -> list[str]:
    shape = ShapeResolver(SHAPES).get_shape_by_name("Input")
    return list(map(str, violations(shape, members)))


@pytest.mark.parametrize(
    "members",
    [
        {"Name": "ab"},
        {"Name": "abcd"},
        {"Name": "ab", "Number": 50},
        {"Name": "ab", "Number": 60},
        {"Name": "ab", "Choice": "BLUE"},
        {"Name": "ab", "Choices": ["RED", "BLUE"]},
        {"Name": "ab", "Tags": [{"Key": "ab"}]},
        {"Name": "ab", "Variables": {"ab": "cd", "ef": "gh"}},
        {"Name": "ab", "Secrets": {"ab": "abc"}},
    ],
)
def test_what_lies_on_the_limit_is_allowed(members: dict[str, Any]) -> None:
    assert found(**members) == []


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "Value null at 'name' failed to satisfy constraint: Member must not be null"),
        ({"Name": "abcde"}, "Value 'abcde' at 'name' … Member must have length less than or equal to 4"),
        ({"Name": "a"}, "Value 'a' at 'name' … Member must have length greater than or equal to 2"),
        ({"Name": "aB"}, "Value 'aB' at 'name' … Member must satisfy regular expression pattern: [a-z]+"),
        ({"Name": "ab", "Number": 49}, "Value '49' at 'number' … Member must have value greater than or equal to 50"),
        ({"Name": "ab", "Number": 61}, "Value '61' at 'number' … Member must have value less than or equal to 60"),
        ({"Name": "ab", "Choice": "red"}, "Value 'red' at 'choice' … Member must satisfy enum value set: [RED, BLUE]"),
        (
            {"Name": "ab", "Choices": ["RED", "red"]},
            (
                "Value '[RED, red]' at 'choices' … "
                "Member must satisfy constraint: [Member must satisfy enum value set: [RED, BLUE]]"
            ),
        ),
        (
            {"Name": "ab", "Choices": ["RED"] * 3},
            "Value '[RED, RED, RED]' at 'choices' … Member must have length less than or equal to 2",
        ),
        (
            {"Name": "ab", "Tags": [{"Key": "ab"}, {}]},
            "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"Name": "ab", "Variables": {"A1": "ab"}},
            (
                "Value '{A1=ab}' at 'variables' … "
                "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]+]"
            ),
        ),
        (
            {"Name": "ab", "Variables": {"ab": "a"}},
            (
                "Value '{ab=a}' at 'variables' … "
                "Map value must satisfy constraint: [Member must have length greater than or equal to 2]"
            ),
        ),
        ({"Name": 12}, "Value '12' at 'name' … Member must be of type string"),
    ],
)
def test_what_lies_beyond_it_is_told_in_the_words_of_aws(members: dict[str, Any], sentence: str) -> None:
    assert found(**members) == [sentence.replace("…", "failed to satisfy constraint:")]


def test_each_broken_constraint_is_told() -> None:
    assert len(found(Name="A", Number=1)) == 3


def test_what_the_model_calls_sensitive_is_not_repeated() -> None:
    told = found(Name="ab", Secrets={"ab": "hunter2"})

    assert told == [
        (
            "Value at 'secrets' failed to satisfy constraint: "
            "Map value must satisfy constraint: [Member must have length less than or equal to 3]"
        )
    ]


@pytest.mark.parametrize(
    ("pattern", "allowed", "refused"),
    [
        (r"[\p{L}\p{N}_.-]+", "Straße_9", "a b"),
        (r"[\w-_]*", "a-b_c", "a b"),
        (r"[\w+=,.@-]+", "a+b", "ä"),
    ],
)
def test_patterns_are_read_as_java_reads_them(pattern: str, allowed: str, refused: str) -> None:
    assert compiled(pattern).fullmatch(allowed)
    assert not compiled(pattern).fullmatch(refused)


@pytest.mark.parametrize(
    "service",
    ["apigateway", "apigatewayv2", "cloudwatch", "iam", "kms", "lambda", "logs", "s3", "sns", "sqs", "sts"],
)
def test_every_pattern_of_a_service_that_is_served_here_can_be_read(service: str) -> None:
    model = get_service_model(service)
    patterns = {model.shape_for(name).metadata.get("pattern") for name in model.shape_names}

    for pattern in patterns - {None}:
        compiled(pattern)
