"""Which packages are named by wheels that have them imported by a name: nobody can tell which of their modules."""

from collections.abc import Iterable, Mapping

from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.imports import find_packages
from selador_packaging.inspection import Inspected


def find_named(wheels: Mapping[NormalizedName, Inspected]) -> dict[NormalizedName, frozenset[str]]:
    """The packages of others that each of `wheels` names so, because it imports by names that it puts together.

    The project's own wheels are one here. They may also hand a name to a wheel that they require and that imports so.
    """
    packages = find_packages(module for wheel in wheels.values() for module in wheel.modules)
    own = [wheel for wheel in wheels.values() if wheel.is_own]
    required = {canonicalize_name(it.name) for wheel in own for it in wheel.metadata.requires}
    handed_to = [wheels[name] for name in required & wheels.keys()]
    named = {}
    for name, wheel in wheels.items():
        itself, others = (own, handed_to) if wheel.is_own else ([wheel], [])
        if _loads([*itself, *others]):
            top = {module.partition(".")[0] for it in itself for module in it.modules}
            words = packages.intersection(wheel.words)
            named[name] = frozenset(word for word in words if word.partition(".")[0] not in top)
    return named


def _loads(wheels: Iterable[Inspected]) -> bool:
    return any(imports.imports_by_name for wheel in wheels for imports in wheel.modules.values())
