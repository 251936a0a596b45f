"""An in-toto statement of how the artifacts came to be: SLSA provenance v1, deterministic and unsigned.

It is a plain account by the program that built them; without a signature it proves nothing of who ran it.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata

from selador_packaging.artifacts import Build
from selador_packaging.source import Source
from selador_packaging.target import PYTHON_VERSION
from selador_packaging.tools import tool_versions

FILENAME = "provenance.intoto.json"
_BUILD_TYPE = "urn:selador:packaging:build-artifacts:1"
_BUILDER = "urn:selador:packaging:build-artifacts"


def write_provenance(build: Build, source: Source | None, files: Mapping[str, bytes], *, is_release: bool) -> str:
    """The statement as JSON on `files` (name: content): the artifacts, their SBOMs and the manifest."""
    wheels = {
        found.filename: found for artifact in build.artifacts for found in artifact.wheels.values() if not found.is_own
    }
    dependencies: list[Mapping[str, object]] = []
    if source:
        dependencies.append(_describe(source))
    dependencies.append({"name": "requirements.txt", "digest": {"sha256": build.lock_sha256}})
    dependencies += [
        {
            "name": filename,
            "uri": f"pkg:pypi/{found.metadata.name}@{found.metadata.version}",
            "digest": {"sha256": found.digest},
        }
        for filename, found in sorted(wheels.items())
    ]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": name, "digest": {"sha256": hashlib.sha256(content).hexdigest()}}
            for name, content in sorted(files.items())
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE,
                "externalParameters": {
                    "architecture": build.target.architecture,
                    "python": PYTHON_VERSION,
                    "release": is_release,
                },
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {
                    "id": _BUILDER,
                    "version": {
                        build.interpreter.implementation: build.interpreter.version,
                        "selador-packaging": metadata.version("selador-packaging"),
                    },
                    "builderDependencies": [
                        {"name": tool, "uri": f"pkg:pypi/{tool}@{version}"} for tool, version in tool_versions().items()
                    ],
                }
            },
        },
    }
    return json.dumps(statement, indent=2)


def _describe(source: Source) -> Mapping[str, object]:
    """`dirty`: contents were compared with the commit's, and some differ."""
    where = {"uri": f"git+{source.repository}@{source.commit}"} if source.repository else {}
    return {
        "name": "source",
        **where,
        "digest": {"gitCommit": source.commit},
        "annotations": {"dirty": source.is_dirty},
    }
