"""The base of the exceptions of the laptop stack. Each exception is defined next to the code that raises it."""


class SeladorLocalError(Exception):
    """Base of every error of the laptop stack."""
