"""A CycloneDX 1.6 software bill of materials for each artifact: its distributions, their hashes, licences and needs.

The same artifact gives the same bytes: the serial number is made from what is listed, and no time is noted.
"""

import json
import uuid
from typing import TYPE_CHECKING, Any

from selador_packaging.artifacts import Artifact
from selador_packaging.cache import Cache, key_of
from selador_packaging.closure import find_requirements
from selador_packaging.embedded_sboms import embedded_in, merge
from selador_packaging.errors import PackagingError
from selador_packaging.inspection import Inspected
from selador_packaging.target import Target

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

_SERIAL_NUMBERS = uuid.UUID("7a0e38f8-3b5c-5c1c-9a0f-2f6a5d3e8f11")  # the namespace of these, chosen once at random


def get_sbom(artifact: Artifact, target: Target, cache: Cache) -> bytes:
    """The SBOM of `artifact` as JSON; what it lists comes from `cache` where nothing of that has changed.

    Raises PackagingError where the document would not be valid, which is this program's fault.
    """
    listed = [
        [*map(str, (it.filename, *it.metadata.licenses, *it.metadata.requires)), "" if it.is_own else it.digest]
        for it in artifact.wheels.values()
    ]
    decisive = ("sbom", artifact.name, str(target), json.dumps(listed))
    known = cache.get(*decisive)
    if known is None:
        known = _make(artifact, target)
        cache.put(known, *decisive)
    document = json.loads(known)
    document["serialNumber"] = uuid.uuid5(_SERIAL_NUMBERS, key_of(*decisive, artifact.sha256.hex())).urn
    document["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": artifact.sha256.hex()}]
    return f"{json.dumps(document, indent=2)}\n".encode()


def _make(artifact: Artifact, target: Target) -> bytes:
    """The document, valid as it is; the zip's hash and the serial number that goes with it are put in place later."""
    # Imported here: a third of a second, which only a changed list of distributions is worth.
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415
    from cyclonedx.model.bom import Bom  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.spdx import is_supported_id  # noqa: PLC0415
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    bom = Bom(serial_number=_SERIAL_NUMBERS)
    components = {name: _component(inspected) for name, inspected in artifact.wheels.items()}
    bom.metadata.component = Component(
        name=artifact.filename,
        version=artifact.wheels[artifact.root].metadata.version,
        type=ComponentType.APPLICATION,
        bom_ref=artifact.filename,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content="0" * 64)],
    )
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the format does without one
    for component in components.values():
        bom.components.add(component)
    bom.register_dependency(bom.metadata.component, [components[artifact.root]])
    metadata = {name: inspected.metadata for name, inspected in artifact.wheels.items()}
    for name, needed in find_requirements(artifact.root, metadata, target.marker_environment).items():
        bom.register_dependency(components[name], [components[it] for it in sorted(needed)])
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    empty = {"bomFormat": "CycloneDX", "specVersion": "1.6"}

    def is_valid(inner: list[dict[str, Any]]) -> bool:
        return validator.validate_str(json.dumps(empty | {"components": inner})) is None

    for name, part in artifact.parts.items():
        owner = str(components[name].bom_ref)
        merge(document, owner, embedded_in(part), is_valid=is_valid, is_license=is_supported_id)
    text = json.dumps(document)
    if error := validator.validate_str(text):
        raise PackagingError(f"the SBOM of {artifact.filename} is not valid CycloneDX 1.6: {error}")
    return text.encode()


def _component(inspected: Inspected) -> "Component":
    from cyclonedx.contrib.license.factories import LicenseFactory  # noqa: PLC0415
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from packageurl import PackageURL  # noqa: PLC0415

    metadata = inspected.metadata
    # An expression stands alone: of several licences each is a name.
    make_license = LicenseFactory().make_from_string if len(metadata.licenses) == 1 else LicenseFactory().make_with_name
    purl = PackageURL("pypi", name=metadata.name, version=metadata.version)
    return Component(
        name=metadata.name,
        version=metadata.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{metadata.name}=={metadata.version}",
        # The project's own are on no index, and the zip that they are in has its hash in the manifest.
        purl=None if inspected.is_own else purl,
        hashes=[] if inspected.is_own else [HashType(alg=HashAlgorithm.SHA_256, content=inspected.digest)],
        licenses=[make_license(it) for it in metadata.licenses],
    )
