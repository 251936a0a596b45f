"""The root of the authorizer's exceptions."""


class SeladorAuthorizerError(Exception):
    """Whatever this function raises by itself. What libraries raise is translated where they are called."""
