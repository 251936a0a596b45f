"""The main function's exceptions have one root, so that whoever calls it can tell them from everything else."""

import importlib
import inspect
import pkgutil

import selador_main
from selador_main.errors import SeladorMainError


def test_every_exception_of_the_distribution_has_one_root() -> None:
    exceptions = {
        member
        for module in pkgutil.walk_packages(selador_main.__path__, "selador_main.")
        if module.name != "selador_main.handler" and not module.name.endswith("__main__")
        for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        if issubclass(member, Exception) and member.__module__.startswith("selador_main")
    }

    assert len(exceptions) > 5
    assert all(issubclass(exception, SeladorMainError) for exception in exceptions)
