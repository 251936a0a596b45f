"""The bills of materials that wheels bring along (PEP 770): what their compiled code is made of, in Rust and in C.

They go into the artifact's own, each below the component of its wheel. References in them get the names of wheel and
file before them, since two wheels may use the same ones. Descriptions and links stay in the wheel's own list, which
lies in the artifact: a hundred crates' links take seconds to validate. One that can't be taken is named in its place.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from selador_packaging.parts import Part

_TAKEN = ("type", "name", "version", "scope", "hashes", "licenses", "purl", "properties")
_EMBEDDED = re.compile(r"[^/]+\.dist-info/sboms/(.+)")
# What reading a document of any other shape ends with.
_UNREADABLE = (AttributeError, KeyError, RecursionError, TypeError, ValueError)

type IsValid = Callable[[list[dict[str, Any]]], bool]
type IsLicense = Callable[[str], bool]


def embedded_in(part: Part) -> dict[str, bytes]:
    """The bills of materials in a wheel's part, by their filenames."""
    found = ((_EMBEDDED.fullmatch(member.path), member) for member in part.members)
    return {match[1]: member.content() for match, member in found if match}


def merge(
    document: dict[str, Any], owner: str, sboms: Mapping[str, bytes], *, is_valid: IsValid, is_license: IsLicense
) -> None:
    """Put what `sboms` list into the CycloneDX `document`, below the component whose `bom-ref` is `owner`.

    One that is no CycloneDX in JSON, or lists what is not valid here, is named as a property of that component.
    `is_valid` judges components, `is_license` whether a text is the id of a licence.
    """
    [component] = [it for it in document["components"] if it["bom-ref"] == owner]
    [dependency] = [it for it in document["dependencies"] if it["ref"] == owner]
    for filename, content in sorted(sboms.items()):
        try:
            roots, components, edges = _read(content, f"{owner}/{filename}#", is_license)
            is_taken = is_valid(components)
        except _UNREADABLE:
            is_taken = False
        if not is_taken:
            component.setdefault("properties", []).append({"name": "selador:unmerged-sbom", "value": filename})
            continue
        component.setdefault("components", []).extend(components)
        if roots:
            dependency.setdefault("dependsOn", []).extend(roots)
        document["dependencies"] += [{"ref": ref, "dependsOn": needed} for ref, needed in edges.items()]


def _read(
    content: bytes, prefix: str, is_license: IsLicense
) -> tuple[list[str], list[dict[str, Any]], dict[str, list[str]]]:
    """Of a CycloneDX document: the reference of what it is about, if there is one, its components, and who needs whom.

    Raises one of _UNREADABLE for any other document.
    """
    sbom = json.loads(content)
    if sbom["bomFormat"] != "CycloneDX":
        raise ValueError("this is no CycloneDX")
    whole = sbom.get("metadata", {}).get("component")
    listed = [*([whole] if whole else []), *sbom.get("components", [])]
    components: list[dict[str, Any]] = []
    for it in listed:
        if (renamed := _renamed(it, prefix, is_license)) not in components:  # the whole may be among its parts
            components.append(renamed)
    refs = _references(components)
    if len(set(refs)) < len(refs):
        raise ValueError("two components have one reference")
    edges: dict[str, list[str]] = {}
    for edge in sbom.get("dependencies", []):
        if (ref := prefix + edge["ref"]) in refs:  # others are of services, which no wheel has
            needed = (prefix + it for it in edge.get("dependsOn", []))
            edges[ref] = list(dict.fromkeys([*edges.get(ref, []), *(it for it in needed if it in refs)]))
    return [prefix + whole["bom-ref"]] if whole and "bom-ref" in whole else [], components, edges


def _renamed(component: dict[str, Any], prefix: str, is_license: IsLicense) -> dict[str, Any]:
    renamed: dict[str, Any] = {field: component[field] for field in _TAKEN if field in component}
    if "licenses" in renamed:
        renamed["licenses"] = _licenses(renamed["licenses"], is_license)
    if "bom-ref" in component:
        renamed["bom-ref"] = prefix + component["bom-ref"]
    if "components" in component:
        renamed["components"] = [_renamed(it, prefix, is_license) for it in component["components"]]
    return renamed


def _licenses(choices: list[dict[str, Any]], is_license: IsLicense) -> list[dict[str, Any]]:
    """Their names alone: texts, links and dates stay in the wheel's own list, as nothing here checks their form.

    An expression stands alone in CycloneDX 1.6; an id that its list doesn't have yet is a name.
    """
    if len(choices) == 1 and "expression" in choices[0]:
        return [{"expression": choices[0]["expression"]}]
    stated = ({"name": it["expression"]} if "expression" in it else it["license"] for it in choices)
    names = [it.get("id") or it["name"] for it in stated]
    return [{"license": {"id" if is_license(name) else "name": name}} for name in names]


def _references(components: list[dict[str, Any]]) -> list[str]:
    inner = [ref for it in components for ref in _references(it.get("components", []))]
    return [*(it["bom-ref"] for it in components if "bom-ref" in it), *inner]
