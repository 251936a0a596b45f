"""Have a plan take what exists already into the state, by import blocks in the configuration while it is made.

A saved plan keeps the configuration that it was made of. So the plan, its summary and its gate are those of any other
change, and one apply does both: it adopts what a killed apply left behind, and makes the rest.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from selador_deploy.environment import Environment
from selador_deploy.orphans import Orphan
from selador_deploy.terraform import configuration


@contextmanager
def import_blocks(environment: Environment, orphans: Sequence[Orphan]) -> Iterator[None]:
    """Let the configuration import `orphans` meanwhile."""
    file = configuration(environment.root) / "adopted_by_this_plan.tf"
    file.unlink(missing_ok=True)  # a plan that was killed left it
    blocks = (f"import {{\n  to = {one.address}\n  id = {json.dumps(one.id)}\n}}\n" for one in orphans)
    try:
        if orphans:
            file.write_text("\n".join(blocks), encoding="utf-8")
        yield
    finally:
        file.unlink(missing_ok=True)
