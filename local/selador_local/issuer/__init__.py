"""An issuer of tokens for `authorization = "jwt"`: its keys, its tokens, its server with TLS."""
