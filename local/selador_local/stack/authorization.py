"""Who may connect to the stack: what AUTH=… means for Terraform."""

import json
from collections.abc import Mapping
from enum import StrEnum

from selador_local.issuer.keys import ALGORITHM
from selador_local.issuer.server import key_set_url, url
from selador_local.issuer.tokens import AUDIENCE


class Authorization(StrEnum):
    """The values of Terraform's variable `authorization`."""

    NONE = "none"
    JWT = "jwt"
    IAM = "iam"


def terraform_variables(authorization: Authorization, issuer_port: int) -> Mapping[str, str]:
    """Return the variables that make it so, with the stack's own issuer if tokens are asked for."""
    if authorization is not Authorization.JWT:
        return {"authorization": authorization}
    jwt = {
        "algorithms": [ALGORITHM],
        "audiences": [AUDIENCE],
        "issuer": url(issuer_port),
        "jwks_url": key_set_url(issuer_port),
    }
    return {"authorization": authorization, "jwt": json.dumps(jwt)}
