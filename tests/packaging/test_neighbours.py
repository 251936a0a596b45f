"""What modules ask for of their own wheel, by files' names or side by side."""

from selador_packaging.imports import Imports
from selador_packaging.neighbours import add_neighbours


def neighbours(*paths: str, content: bytes, loads_from: tuple[str, ...] = ()) -> Imports:
    """Of the first of the modules at `paths`, whose source is `content`."""
    named = {path.removesuffix(".py").replace("/", "."): path for path in paths}
    first = next(iter(named))
    modules = {name: Imports(loads_from=loads_from if name == first else ()) for name in named}
    return add_neighbours(modules, {name: (path, content if name == first else b"") for name, path in named.items()})[
        first
    ]


def test_a_source_that_another_names_as_a_file_may_be_run() -> None:
    for content in (b"run([sys.executable, here / 'worker.py'])", b'exec(read("pkg/sub/worker.py"))'):
        found = neighbours("pkg/module.py", "pkg/sub/worker.py", "pkg/other.py", content=content)

        assert found.later == ("pkg.sub.worker",)


def test_a_file_that_is_only_spoken_of_is_not_run() -> None:
    assert neighbours("pkg/module.py", "pkg/worker.py", content=b"# worker.py is slow").later == ()


def test_a_module_without_a_package_may_load_the_modules_beside_it() -> None:
    assert neighbours("a.py", "a_fast.py", "b/c.py", content=b"", loads_from=("a",)).loads_from == ("a", "a_fast", "b")
    assert neighbours("a.py", "a_fast.py", content=b"", loads_from=("other",)).loads_from == ("other",)
    assert neighbours("a/b.py", "a_fast.py", content=b"", loads_from=("a",)).loads_from == ("a",)
