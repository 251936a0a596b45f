"""What recorded names and ids stand for."""

import pytest

from .names import generalized

REGION_AND_ACCOUNT = "us-east-1:123456789012"
ANY = "${region}:${account}"
KEY = f"arn:aws:kms:{REGION_AND_ACCOUNT}:key/the-organizations"


@pytest.mark.parametrize(
    ("recorded", "meant"),
    [
        (
            "arn:aws:iam::123456789012:role/answers/selador-local-main-us-east-1",
            "arn:${partition}:iam::${account}:role${role_path}${main}-${region}",
        ),
        (
            f"arn:aws:sqs:{REGION_AND_ACCOUNT}:selador-local-requests-dead-letter",
            f"arn:${{partition}}:sqs:{ANY}:${{queue}}-dead-letter",
        ),
        (
            f"arn:aws:sns:{REGION_AND_ACCOUNT}:selador-local-tickets",
            f"arn:${{partition}}:sns:{ANY}:${{project}}-${{environment}}-tickets",
        ),
        (
            f"arn:aws:cloudwatch:{REGION_AND_ACCOUNT}:alarm:selador-local-work-stalls",
            f"arn:${{partition}}:cloudwatch:{ANY}:alarm:${{project}}-${{environment}}-*",
        ),
        (
            f"arn:aws:lambda:{REGION_AND_ACCOUNT}:function:selador-local-main:7",
            f"arn:${{partition}}:lambda:{ANY}:function:${{main}}:*",
        ),
        (
            f"arn:aws:logs:{REGION_AND_ACCOUNT}:log-group:/aws/apigateway/a1b2c3d4e5/local:log-stream:",
            f"arn:${{partition}}:logs:{ANY}:log-group:/aws/apigateway/*/${{stage}}:*",
        ),
        (
            "arn:aws:apigateway:us-east-1::/apis/a1/routes/b2/routeresponses/c3",
            "arn:${partition}:apigateway:${region}::/apis/*/routes/*/routeresponses/*",
        ),
        (
            "arn:aws:apigateway:us-east-1::/apis/a1/stages/local",
            "arn:${partition}:apigateway:${region}::/apis/*/stages/${stage}",
        ),
        (
            "arn:aws:s3:::selador-terraform-state-123456789012-us-east-1/env:/local/selador.tfstate",
            "arn:${partition}:s3:::${project}-terraform-state-${account}-${region}/env:/${environment}/selador.tfstate",
        ),
        (
            "arn:aws:s3:::selador-artifacts-123456789012-us-east-1/artifacts/main/ab.zip",
            "arn:${partition}:s3:::${project}-artifacts-${account}-${region}/artifacts/*",
        ),
        (KEY, "${kms_key_arn}"),
        ("*", "*"),
    ],
)
def test_a_resource(recorded: str, meant: str) -> None:
    call = {"action": "a:B", "resource": recorded, "context": {}}

    assert generalized([call, call], KEY) == [{"action": "a:B", "resource": meant}]


def test_a_key_of_the_environments_is_known_by_its_tags_and_anothers_is_left_out() -> None:
    tags = {"aws:resourcetag/environment": "local", "aws:resourcetag/project": "selador", "aws:resourcetag/team": "x"}
    own = {"action": "kms:DescribeKey", "resource": f"arn:aws:kms:{REGION_AND_ACCOUNT}:key/1", "context": tags}
    another = {**own, "resource": f"arn:aws:kms:{REGION_AND_ACCOUNT}:key/2", "context": {}}

    context = {"aws:resourcetag/environment": "${environment}", "aws:resourcetag/project": "${project}"}
    assert generalized([own, another], KEY) == [
        {"action": "kms:DescribeKey", "resource": f"arn:${{partition}}:kms:{ANY}:key/*", "context": context}
    ]


def test_a_boundary_and_a_mappings_function_stand_for_any() -> None:
    function = f"arn:aws:lambda:{REGION_AND_ACCOUNT}:function:selador-local-main:live"
    bounded = {
        "action": "iam:CreateRole",
        "resource": "*",
        "context": {"iam:permissionsboundary": "arn:aws:iam::1:policy/p"},
    }
    mapped = {"action": "lambda:CreateEventSourceMapping", "resource": "*", "context": {"lambda:functionarn": function}}

    contexts = [call["context"] for call in generalized([bounded, mapped], KEY)]
    assert contexts == [
        {"iam:permissionsboundary": "${permissions_boundary}"},
        {"lambda:functionarn": f"arn:${{partition}}:lambda:{ANY}:function:${{main}}"},
    ]
