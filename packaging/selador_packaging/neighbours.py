"""What a module may ask for of its own wheel in another way than by its package: by a file's name, or side by side."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from selador_packaging.imports import Imports

_SOURCE_IN_STRING = re.compile(rb"""["'/](\w+\.py)["']""")


def add_neighbours(modules: Mapping[str, Imports], sources: Mapping[str, tuple[str, bytes]]) -> dict[str, Imports]:
    """`modules` of a wheel with what the whole wheel tells of their imports; `sources` are path and content by module.

    A source that another names as a file may be run as a script or executed. A module without a package that imports by
    names which it puts together may mean the modules beside it.
    """
    named_so: defaultdict[bytes, list[str]] = defaultdict(list)
    for module, (path, _) in sources.items():
        named_so[path.rpartition("/")[2].encode()].append(module)
    beside = tuple(sorted({module.partition(".")[0] for module in modules}))
    found = dict(modules)
    for module, (path, content) in sources.items():
        files = dict.fromkeys(it for name in _SOURCE_IN_STRING.findall(content) for it in named_so.get(name, ()))
        imports = found[module]
        opened = beside if "/" not in path and module in imports.loads_from else ()
        found[module] = replace(
            imports,
            later=tuple(dict.fromkeys((*imports.later, *files))),
            loads_from=tuple(sorted({*imports.loads_from, *opened})),
        )
    return found
