"""What AUTH=… means for Terraform."""

import json

import pytest

from selador_local.stack.authorization import Authorization, terraform_variables


@pytest.mark.parametrize("authorization", [Authorization.NONE, Authorization.IAM])
def test_without_tokens_there_is_no_issuer(authorization: Authorization) -> None:
    assert terraform_variables(authorization, 8790) == {"authorization": authorization.value}


def test_tokens_are_those_of_the_stacks_own_issuer() -> None:
    variables = terraform_variables(Authorization.JWT, 8790)

    assert variables["authorization"] == "jwt"
    assert json.loads(variables["jwt"]) == {
        "algorithms": ["ES256"],
        "audiences": ["selador"],
        "issuer": "https://127.0.0.1:8790",
        "jwks_url": "https://127.0.0.1:8790/.well-known/jwks.json",
    }
