"""The root of the exceptions of what the functions share."""


class SeladorSharedError(Exception):
    """Whatever the shared modules raise by themselves."""
