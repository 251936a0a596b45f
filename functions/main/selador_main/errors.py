"""The root of the main function's exceptions."""


class SeladorMainError(Exception):
    """Whatever the main function raises by itself; what it calls raises its own, and is translated where it is called."""
