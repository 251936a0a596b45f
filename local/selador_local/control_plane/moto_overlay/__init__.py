"""Corrections of moto where it lacks something or differs from AWS: one module per service."""
