"""The issuer's server: its key set, and the discovery document that names it, by https on 127.0.0.1."""

import ssl

from selador_local.http import HOST, Request, Response, Server, json_response, serve
from selador_local.issuer.keys import ALGORITHM, IssuerKeys

_KEY_SET = "/.well-known/jwks.json"


def url(port: int) -> str:
    """Return the issuer's name, the claim `iss` of its tokens."""
    return f"https://{HOST}:{port}"


def key_set_url(port: int) -> str:
    """Return where its key set is."""
    return url(port) + _KEY_SET


async def publish(keys: IssuerKeys, port: int) -> Server:
    """Serve the key set. Raises OSError if the port is taken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.certificate)
    documents = {
        _KEY_SET: keys.key_set,
        "/.well-known/openid-configuration": {
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "issuer": url(port),
            "jwks_uri": key_set_url(port),
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        },
    }

    async def handle(request: Request) -> Response:
        document = documents.get(request.target) if request.method == "GET" else None
        if document is None:
            return json_response(404, {"message": f"{request.method} {request.target} does not exist"})
        return json_response(200, document)

    return await serve(handle, port=port, tls=context)
