"""The root of the main function's exceptions."""


class SeladorMainError(Exception):
    """Whatever the main function raises by itself. What libraries raise is translated where they are called."""
