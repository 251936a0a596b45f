"""What was built, for people: a table, and the answer to why a distribution is in there."""

from collections import deque
from collections.abc import Mapping, Sequence

from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.artifacts import MIB, Artifact, Build
from selador_packaging.closure import find_requirements
from selador_packaging.errors import PackagingError
from selador_packaging.inspection import Inspected
from selador_packaging.naming import find_named
from selador_packaging.wording import counted

_LARGEST = 3
_MOST_ASKING = 5


def write_table(artifacts: Sequence[Artifact]) -> str:
    """A row for each artifact; its largest parts are the distributions that take most of the zip."""
    rows = [("artifact", "size", "unzipped", "members", "largest parts", "sha256", "seconds")]
    rows += [
        (
            artifact.filename,
            _mib(len(artifact.content)),
            _mib(artifact.unzipped),
            str(artifact.members),
            ", ".join(f"{name} {_mib(artifact.parts[name].size)}" for name in _by_size(artifact)[:_LARGEST]),
            artifact.sha256.hex()[:12],
            f"{artifact.seconds:.1f}",
        )
        for artifact in artifacts
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    )


def explain(build: Build, package: str) -> str:
    """Why `package` is in the artifacts and what it brings. Raises PackagingError where no artifact has it."""
    name = canonicalize_name(package)
    answers = [_explain_in(artifact, name, build.target.marker_environment) for artifact in build.artifacts]
    found = [answer for answer in answers if answer]
    if not found:
        inside = sorted({it for artifact in build.artifacts for it in artifact.wheels})
        raise PackagingError(f"{package} is in no artifact; these are: {', '.join(inside)}")
    return "\n".join(found)


def _explain_in(artifact: Artifact, name: NormalizedName, environment: Mapping[str, str]) -> str | None:
    if name not in artifact.wheels:
        return None
    found, part = artifact.wheels[name], artifact.parts[name]
    metadata = {it: inspected.metadata for it, inspected in artifact.wheels.items()}
    chain = _shortest_chain(artifact.root, name, find_requirements(artifact.root, metadata, environment))
    modules, at_start = counted(len(found.modules), "module"), len(found.modules.keys() & artifact.at_start)
    lines = [
        f"{artifact.filename}: {name} {found.metadata.version}, from {found.filename}",
        f"  why: {' requires '.join(chain)}" if len(chain) > 1 else "  why: it is the function itself",
        f"  {counted(len(part.members), 'member')}, {_mib(part.size)} of {_mib(len(artifact.content))}",
        f"  imported at start: {at_start} of {modules}",
    ]
    if asking := _find_asking(artifact, found):
        more = [f"and {len(asking) - _MOST_ASKING} more"] if len(asking) > _MOST_ASKING else []
        who = ", ".join([*asking[:_MOST_ASKING], *more])
        lines.append(f"  kept whole, or a package of it, since these may import anything of it by name: {who}")
    if left_out := sorted(found.modules.keys() - artifact.reached):
        lines.append(f"  left out: {len(left_out)} of {modules}, which nothing seems to import: {', '.join(left_out)}")
    if name == "botocore":
        lines.append(f"  data for the services that the functions name: {', '.join(sorted(artifact.services))}")
    return "\n".join(lines)


def _find_asking(artifact: Artifact, found: Inspected) -> list[str]:
    """The reached modules that may import anything of a package in `found`, and the distributions that name one so."""
    modules = [
        module
        for wheel in artifact.wheels.values()
        for module, imports in wheel.modules.items()
        if module in artifact.reached and not found.modules.keys().isdisjoint(imports.loads_from)
    ]
    naming = [name for name, named in find_named(artifact.wheels).items() if not named.isdisjoint(found.modules)]
    return sorted({*modules, *naming})


def _shortest_chain(
    root: NormalizedName, wanted: NormalizedName, requires: Mapping[NormalizedName, frozenset[NormalizedName]]
) -> list[NormalizedName]:
    pending = deque([[root]])
    seen = {root}
    while pending:
        chain = pending.popleft()
        if chain[-1] == wanted:
            return chain
        following = sorted(requires[chain[-1]] - seen)
        seen |= set(following)
        pending.extend([*chain, it] for it in following)
    raise AssertionError(f"{wanted} is in the closure of {root}")


def _by_size(artifact: Artifact) -> list[NormalizedName]:
    return sorted(artifact.parts, key=lambda name: artifact.parts[name].size, reverse=True)


def _mib(size: int) -> str:
    return f"{size / MIB:.1f} MiB"
