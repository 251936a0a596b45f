"""Builds the zip artifacts of the functions."""
