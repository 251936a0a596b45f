"""Workflows: named lists of steps, one TOML file each; `docs/workflows.md` says how to write one."""
