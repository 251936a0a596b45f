"""Of botocore's data, thirty megabytes for over four hundred services, what a function's clients read.

Whatever is kept for a service is all that a client of it can ask for: model, endpoint rules, paginators, waiters.
Models lose their documentation, which only `help()` shows, and lie there uncompressed: both are time at each start.
"""

import gzip
import json
import zlib
from collections.abc import Iterable

from selador_packaging.errors import PackagingError
from selador_packaging.zip_writer import STORED, Member

FOLDER = "botocore/data/"
_ENDPOINTS = f"{FOLDER}endpoints.json"
_MODEL = "service-2.json.gz"


def trim_data(members: Iterable[Member], services: frozenset[str]) -> list[Member]:
    """`members` of botocore's wheel, of the files below FOLDER only those that clients of `services` read.

    Raises PackagingError naming each service that this botocore doesn't know.
    """
    kept, prefixes, known = [], set(services), set()  # type: list[Member], set[str], set[str]
    endpoints = None
    for member in members:
        service, _, rest = member.path.removeprefix(FOLDER).partition("/")
        if not member.path.startswith(FOLDER) or (not rest and member.path != _ENDPOINTS):
            kept.append(member)
        elif member.path == _ENDPOINTS:
            endpoints = member
        elif service in services and not rest.rpartition("/")[2].startswith("examples-"):
            if rest.endswith(_MODEL):
                known.add(service)
                prefixes.add(json.loads(gzip.decompress(member.content()))["metadata"]["endpointPrefix"])
            kept.append(_uncompressed(member) if member.path.endswith(".gz") else member)
    unknown = sorted(services - known)
    if unknown:
        raise PackagingError(
            *(f"the functions name the AWS service {it}, which botocore doesn't know" for it in unknown)
        )
    if endpoints is not None:
        kept.append(_file(_ENDPOINTS, _trim_endpoints(json.loads(endpoints.content()), prefixes)))
    return kept


def _trim_endpoints(endpoints: dict[str, list[dict[str, dict[str, object]]]], prefixes: set[str]) -> object:
    partitions = [
        partition | {"services": {name: it for name, it in partition["services"].items() if name in prefixes}}
        for partition in endpoints["partitions"]
    ]
    return endpoints | {"partitions": partitions}


def _uncompressed(member: Member) -> Member:
    """botocore reads `x.json` as well as `x.json.gz` (botocore.loaders.JSONFileLoader)."""
    return _file(member.path.removesuffix(".gz"), _undocumented(json.loads(gzip.decompress(member.content()))))


def _undocumented(node: object) -> object:
    """A member of a shape may be called `documentation` too, but is no text."""
    if isinstance(node, dict):
        return {
            key: _undocumented(value)
            for key, value in node.items()
            if key != "documentation" or not isinstance(value, str)
        }
    return [_undocumented(value) for value in node] if isinstance(node, list) else node


def _file(path: str, content: object) -> Member:
    text = json.dumps(content, separators=(",", ":")).encode()
    return Member(path, text, STORED, len(text), zlib.crc32(text))
