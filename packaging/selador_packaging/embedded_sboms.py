"""The bills of materials that wheels bring along (PEP 770): what their compiled code is made of, in Rust and in C.

They go into the artifact's own, each below the component of its wheel. References in them get the names of wheel and
file before them, since two wheels may use the same ones. Descriptions and links stay in the wheel's own list, which
lies in the artifact: a hundred crates' links take seconds to validate.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from selador_packaging.parts import Part

_TAKEN = ("type", "name", "version", "scope", "hashes", "licenses", "purl", "properties")
_EMBEDDED = re.compile(r"[^/]+\.dist-info/sboms/(.+)")


def embedded_in(part: Part) -> dict[str, bytes]:
    """The bills of materials in a wheel's part, by their filenames."""
    found = ((_EMBEDDED.fullmatch(member.path), member) for member in part.members)
    return {match[1]: member.content() for match, member in found if match}


def merge(document: dict[str, Any], owner: str, sboms: Mapping[str, bytes]) -> None:
    """Put what `sboms` list into the CycloneDX `document`, below the component whose `bom-ref` is `owner`.

    One that is no CycloneDX in JSON is named as a property of that component.
    """
    [component] = [it for it in document["components"] if it["bom-ref"] == owner]
    [dependency] = [it for it in document["dependencies"] if it["ref"] == owner]
    for filename, content in sorted(sboms.items()):
        try:
            sbom = json.loads(content)
            is_known = sbom["bomFormat"] == "CycloneDX"
        except (ValueError, KeyError, TypeError):
            is_known = False
        if not is_known:
            component.setdefault("properties", []).append({"name": "selador:unmerged-sbom", "value": filename})
            continue
        prefix = f"{owner}/{filename}#"
        whole = sbom.get("metadata", {}).get("component")
        parts = [*([whole] if whole else []), *sbom.get("components", [])]
        component.setdefault("components", []).extend(_renamed(it, prefix) for it in parts)
        if whole and "bom-ref" in whole:
            dependency.setdefault("dependsOn", []).append(prefix + whole["bom-ref"])
        for edge in sbom.get("dependencies", []):
            needed = [prefix + it for it in edge.get("dependsOn", [])]
            document["dependencies"].append({"ref": prefix + edge["ref"], "dependsOn": needed})


def _renamed(component: dict[str, Any], prefix: str) -> dict[str, Any]:
    renamed: dict[str, Any] = {field: component[field] for field in _TAKEN if field in component}
    if "bom-ref" in component:
        renamed["bom-ref"] = prefix + component["bom-ref"]
    if "components" in component:
        renamed["components"] = [_renamed(it, prefix) for it in component["components"]]
    return renamed
