"""Have a plan take what exists already into the state, by import blocks in the configuration while it is made.

A saved plan keeps the configuration that it was made of. So the plan, its summary and its gate are those of any other
change, and one apply does both: it adopts what a killed apply left behind, or what was made by hand, and makes the
rest. What was made by hand is named by a file beside the environment's values, where Terraform itself doesn't look:
all environments share one configuration.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from selador_deploy.environment import Environment
from selador_deploy.orphans import Orphan
from selador_deploy.terraform import configuration


@contextmanager
def import_blocks(environment: Environment, orphans: Sequence[Orphan]) -> Iterator[None]:
    """Let the configuration import `orphans` meanwhile, and what the environment's own file of import blocks names."""
    file = configuration(environment.root) / "adopted_by_this_plan.tf"
    file.unlink(missing_ok=True)  # a plan that was killed left it
    written = environment.imports_file.read_text(encoding="utf-8") if environment.imports_file.is_file() else ""
    try:
        if written or orphans:
            file.write_text("\n".join([written, blocks(orphans)]), encoding="utf-8")
        yield
    finally:
        file.unlink(missing_ok=True)


def blocks(orphans: Iterable[Orphan]) -> str:
    """Return an import block for each, as `terraform fmt` writes it."""
    return "\n".join(f"import {{\n  to = {one.address}\n  id = {json.dumps(one.id)}\n}}\n" for one in orphans)
