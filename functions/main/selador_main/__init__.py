"""The main function."""
