import pytest

from selador_packaging.imports import Imports, module_name, reach, read_imports


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("six.py", "six"),
        ("a/b.py", "a.b"),
        ("a/__init__.py", "a"),
        ("a/_fast.cpython-313-aarch64-linux-gnu.so", "a._fast"),
        ("a/_fast.abi3.so", "a._fast"),
        ("a/data.json", None),
        ("a/b.pyi", None),
        ("a-1.0.dist-info/b.py", None),
    ],
)
def test_a_path_gives_its_module(path: str, name: str | None) -> None:
    assert module_name(path) == name


@pytest.mark.parametrize(
    ("source", "at_start"),
    [
        ("import a.b, c as d", ("a.b", "c")),
        ("from a import b, c as d", ("a:b", "a:c")),
        ("from . import sibling", ("pkg.sub:sibling",)),
        ("from .sibling import x", ("pkg.sub.sibling:x",)),
        ("from ..other import x", ("pkg.other:x",)),
        ("class A:\n  import a", ("a",)),
        ("try:\n  import a\nexcept ImportError:\n  import b\nelse:\n  import c\nfinally:\n  import d", tuple("abcd")),
        ("if x:\n  import a\nelif y:\n  import b\nelse:\n  import c", ("a", "b", "c")),
        ("with x:\n  import a\nfor y in x:\n  import b", ("a", "b")),
        ("match x:\n  case 1:\n    import a", ("a",)),
        ("if TYPE_CHECKING:\n  import a\nelse:\n  import b", ("b",)),
        ("if typing.TYPE_CHECKING:\n  import a", ()),
        ("if sys.platform == 'win32':\n  import a\nelse:\n  import b", ("b",)),
        ("if sys.platform == 'linux':\n  import a", ("a",)),
        ("def f():\n  import a", ()),
        ("this is no python", ()),
    ],
)
def test_what_runs_with_the_module_is_imported_at_start(source: str, at_start: tuple[str, ...]) -> None:
    found = read_imports(source.encode(), "pkg/sub/module.py")

    assert set(found.at_start) == set(at_start)


@pytest.mark.parametrize("source", ["x = a" + ".b()" * 20_000, "x = " + "-" * 100_000 + "1"])
def test_what_is_nested_too_deeply_may_import_anything_of_its_package(source: str) -> None:
    assert read_imports(source.encode(), "pkg/module.py") == Imports(loads_from=("pkg",), imports_by_name=True)


@pytest.mark.filterwarnings("error")
def test_a_source_that_is_warned_of_has_its_imports_where_warnings_are_errors() -> None:
    assert read_imports(rb"import a; text = '\d'", "pkg/module.py").at_start == ("a",)


@pytest.mark.parametrize(
    ("source", "later"),
    [
        ("def f():\n  import a\nasync def g():\n  if x:\n    from b import c", {"a", "b:c"}),
        ("load('a.b')", {"a.b"}),
        ("load('a.b:function')", {"a.b"}),
        ("load('.main')", {"pkg.main"}),
        ("get_data(f'{__name__}.data', x)", {"pkg.module.data"}),
        ("run([sys.executable, '-m', 'tool'])", {"tool", "tool.__main__"}),
        ("run([sys.executable, '-m', 'a.tool', '-x'])", {"a.tool", "a.tool.__main__"}),
        ("get_data(f'{__package__}.data.more', x)", {"pkg.data.more"}),
        ("print('a sentence. And another.', 'word', '1.2')", set()),
    ],
)
def test_what_a_function_imports_or_a_string_names_may_be_imported_later(source: str, later: set[str]) -> None:
    assert set(read_imports(source.encode(), "pkg/module.py").later) == later


def test_a_package_itself_is_the_base_of_its_relative_imports() -> None:
    assert read_imports(b"from .main import Model", "pkg/__init__.py").at_start == ("pkg.main:Model",)


def test_names_on_demand_are_listed_with_their_modules() -> None:
    source = b"_lazy = {'Model': (__spec__.parent, '.main'), 'x': 'other.x'}\ndef __getattr__(name): ...\n"

    found = read_imports(source, "pkg/__init__.py")

    assert found.on_demand == {"Model": ("pkg.main",), "x": ("other.x", "pkg.other.x")}


@pytest.mark.parametrize(
    "source",
    [
        "def __getattr__(name): ...",
        "if x:\n  def __getattr__(name): ...",
        "__getattr__, __dir__ = lazy.attach(__name__)",
        "from .lazy import __getattr__",
        "from .lazy import load as __getattr__",
        "__getattr__: Loader = lazy.attach(__name__)",
        "sys.modules[__name__] = Lazy(__name__, __path__)",
        "sys.modules[__name__].__class__ = Lazy",
        "module = sys.modules[__name__]\nmodule.__class__ = Lazy",
        "def load(name):\n  import_module('.' + name, __package__)",
        "def load(name):\n  return importlib.import_module(f'pkg.{name}')",
        "def load(name):\n  return __import__(name)",
        "load = importlib.import_module",
        "modules = map(import_module, names)",
        "getattr(importlib, 'import_module')(name)",
        "sys.path.insert(0, vendored)",
        "sys.path[:0] = [vendored]",
        "sys.path += [vendored]",
        "sys.meta_path.append(Finder())",
        "__path__.append(folder)",
        "lazy.install(globals())",
        "lazy.load(name, __package__)",
        "globals()['__getattr__'] = lazy.getter(__name__)",
        "__path__ = [folder]",
        "for place in folder.glob('*.py'):\n  exec(place.read_text())",
    ],
)
def test_who_imports_by_name_may_import_all_of_its_package(source: str) -> None:
    assert "pkg" in read_imports(source.encode(), "pkg/__init__.py").loads_from
    assert "pkg" in read_imports(source.encode(), "pkg/sub/module.py").loads_from
    assert "module" in read_imports(source.encode(), "module.py").loads_from


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n  def __getattr__(self, name): ...",
        "importlib.import_module('a.b')",
        "import_module('.a', __package__)",
        "from importlib import import_module",
        "text = 'import_module'",
        "module.__getattr__",
        "sys.modules['other'] = other",
        "for place in sys.path: ...",
        "files(__package__)",
        "exec(code, globals())",
        "kind = type(self).__name__ + '.'",
        "__path__ = []",
        "__path__ = extend_path(__path__, __name__)",
        "__all__ = ['a'] + other.__all__",
    ],
)
def test_what_can_be_followed_is_no_reason_to_keep_a_package(source: str) -> None:
    assert read_imports(source.encode(), "pkg/__init__.py").loads_from == ()


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("__all__ = ['a', 'b']", {"pkg.a", "pkg.b"}),
        ("__all__: list[str] = ['a']", {"pkg.a"}),
        ("__all__ = ('a',) + other.__all__\n__all__ += ['b']", {"pkg.a", "pkg.b"}),
        ("__all__ = []\n__all__.append('a')\n__all__.extend(['b'])", {"pkg.a", "pkg.b"}),
    ],
)
def test_a_star_imports_what_a_package_lists(source: str, names: set[str]) -> None:
    found = read_imports(source.encode(), "pkg/__init__.py")

    assert set(found.on_demand["*"]) == names
    modules = {"main": Imports(at_start=("pkg:*",)), "pkg": found} | dict.fromkeys((*names, "pkg.c"), Imports())
    assert reach(["main"], modules) == {"main", "pkg", *names}


def test_who_puts_an_object_under_its_own_name_may_import_all_of_its_package() -> None:
    source = b"sys.modules['pkg.sub'] = Lazy()"

    assert read_imports(source, "pkg/sub.py").loads_from == ("pkg",)
    assert read_imports(source, "pkg/other.py").loads_from == ()


@pytest.mark.parametrize(
    "source",
    [
        "load(f'other.plugins.{name}')",
        "load('other.plugins.' + name)",
        "load('other.plugins.%s' % name)",
        "load('other.plugins.{}'.format(name))",
        "import other.plugins\nsearch(other.plugins.__path__)",
        "import other.plugins as known\nsearch(known.__path__)",
        "from other import plugins\nsearch(plugins.__path__)",
        "from other import plugins as known\nsearch(known.__path__)",
    ],
)
def test_who_begins_a_name_or_searches_another_package_may_import_all_of_that_one(source: str) -> None:
    assert read_imports(source.encode(), "pkg/module.py").loads_from == ("other.plugins",)


@pytest.mark.parametrize(
    ("source", "opened"),
    [
        ("load(f'{__name__}.plugins.{name}')", ("pkg.sub.plugins",)),
        ("load(__package__ + '.plugins.' + name)", ("pkg.sub.plugins",)),
        ("load(__name__ + '.' + name)", ("pkg.sub",)),
        ("load('.'.join([__name__, name]))", ("pkg.sub",)),
        ("f'{__name__}.lang'", ()),
    ],
)
def test_who_begins_a_name_with_its_own_may_import_what_lies_below(source: str, opened: tuple[str, ...]) -> None:
    assert read_imports(source.encode(), "pkg/sub/__init__.py").loads_from == opened


def test_two_files_for_one_module_import_what_either_does() -> None:
    """As a package beside a module of its name: which one Python takes is not asked."""
    first = Imports(("a",), ("b",), {"x": ("y",)}, ("pkg",))
    second = Imports(("a", "c"), (), {"x": ("z",), "w": ()}, ("other",))

    assert first.joined(second) == Imports(("a", "c"), ("b",), {"w": (), "x": ("y", "z")}, ("other", "pkg"))


def test_a_list_that_a_package_makes_of_its_folder_may_have_all_of_it() -> None:
    source = b"__all__ = [it[:-3] for it in os.listdir(os.path.dirname(__file__)) if it.endswith('.py')]"

    assert read_imports(source, "pkg/__init__.py").loads_from == ("pkg",)


MODULES = {
    "main": Imports(at_start=("a.b", "lazy:Model"), later=("rare",)),
    "a": Imports(),
    "a.b": Imports(at_start=("a:c", "stdlib")),
    "a.c": Imports(),
    "lazy": Imports(on_demand={"Model": ("lazy.models.model",), "Other": ("lazy.other",)}),
    "lazy.models": Imports(),
    "lazy.models.model": Imports(at_start=("main",)),
    "lazy.other": Imports(),
    "rare": Imports(),
    "unused": Imports(),
}


def test_imports_are_followed_with_parents_and_on_demand() -> None:
    reached = reach(["main"], MODULES)

    assert reached == {"main", "a", "a.b", "a.c", "lazy", "lazy.models", "lazy.models.model"}


def test_a_module_is_imported_from_a_package_without_a_module_of_its_own() -> None:
    modules = {"main": Imports(at_start=("space.deep:a",)), "space.deep.a": Imports(at_start=("space.deep:b",))}

    assert reach(["main"], modules | {"space.deep.b": Imports(), "space.c": Imports()}) == {
        "main",
        "space.deep.a",
        "space.deep.b",
    }


def test_later_imports_are_followed_when_asked_for() -> None:
    assert reach(["main"], MODULES, later=True) - reach(["main"], MODULES) == {"rare"}


OPEN = {
    "main": Imports(at_start=("open.inner",)),
    "open": Imports(),
    "open.inner": Imports(loads_from=("open",)),
    "open.asked": Imports(later=("helper",)),
    "open.tests.case": Imports(),
    "opener": Imports(),
    "helper": Imports(),
}


def test_a_package_that_imports_by_name_is_kept_whole_but_not_imported_at_start() -> None:
    assert reach(["main"], OPEN) == {"main", "open", "open.inner"}
    assert reach(["main"], OPEN, later=True) == {"main", "open", "open.inner", "open.asked", "helper"}


def test_of_a_package_that_is_kept_only_packages_of_tests_stay_out() -> None:
    """A module that is called so may be a client for tests, as of web frameworks."""
    modules = OPEN | dict.fromkeys(("open.test", "open.tests", "open.sub.tests.case"), Imports())

    assert reach(["main"], modules, later=True) - reach(["main"], OPEN, later=True) == {"open.test"}


def test_tests_that_a_table_of_names_has_are_kept() -> None:
    table = {"Client": ("tests.case", "open.tests.case")}
    modules = OPEN | {"open": Imports(on_demand=table)}

    assert "open.tests.case" in reach(["main"], modules, later=True)
