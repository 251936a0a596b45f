"""The base of this distribution's exceptions; each of them is defined where it is raised."""


class SeladorLocalError(Exception):
    """Base of every error of the laptop stack."""
