"""The root of the exceptions that both functions share."""


class SeladorSharedError(Exception):
    """Whatever the shared modules raise by themselves."""
