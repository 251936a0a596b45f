import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from selador_packaging import artifacts
from selador_packaging.artifacts import Artifact, build_artifacts, check_limits, make_artifact
from selador_packaging.cache import Cache
from selador_packaging.errors import PackagingError
from selador_packaging.source import SourceFile
from selador_packaging.target import Target

type WriteWheel = Callable[..., Path]
type Make = Callable[..., Artifact]


def test_an_artifact_holds_its_closure_and_knows_its_figures(make: Make, write_wheel: WriteWheel) -> None:
    own = write_wheel("own", files={"own.py": b"import needed\n"}, requires=("needed",))
    wheels = [own, write_wheel("needed", files={"needed.py": b"12345"}), write_wheel("other", files={"other.py": b""})]

    artifact = make(*wheels)

    members = {member.path: member for part in artifact.parts.values() for member in part.members}
    assert {path for path in members if ".dist-info" not in path} == {
        "own.py",
        "__pycache__/own.cpython-313.pyc",
        "needed.py",
        "__pycache__/needed.cpython-313.pyc",
    }
    assert artifact.members == len(members)
    assert artifact.unzipped == sum(member.size for member in members.values())
    assert (artifact.filename, artifact.sbom_filename, artifact.seconds) == ("main.zip", "main.cdx.json", 1.0)


def test_the_content_digest_knows_contents_and_not_how_they_are_compressed(make: Make, write_wheel: WriteWheel) -> None:
    files = {"own.py": b"x = 1\n" * 100}

    deflated = make(write_wheel("own", files=files))
    stored = make(write_wheel("own", files=files, method=0, tag="py3-none-linux_x86_64"))
    changed = make(write_wheel("own", files={"own.py": b"x = 2\n" * 100}, tag="cp313-none-any"))

    assert deflated.content != stored.content
    assert content_only(deflated) == content_only(stored) != content_only(changed)


def test_a_digest_leaves_bytecode_aside(make: Make, write_wheel: WriteWheel, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = make(write_wheel("own", files={"own.py": b"x = 1"}))
    monkeypatch.setattr("selador_packaging.parts.compile_module", lambda source, path: b"another micro version's")
    monkeypatch.setattr(Cache, "get", lambda *_: None)

    theirs = make(write_wheel("own", files={"own.py": b"x = 1"}))

    assert ours.content_digest != theirs.content_digest
    assert ours.content_digest_without_bytecode == theirs.content_digest_without_bytecode


def content_only(artifact: Artifact) -> dict[str, str]:
    [part] = artifact.parts.values()
    digests = zip(part.members, part.sha256s, strict=True)
    return {member.path: sha256 for member, sha256 in digests if not member.path.endswith("WHEEL")}


LAZY = {
    "lazy/__init__.py": b"def __getattr__(name):\n  return _load(TABLE[name])\n",
    "lazy/_table.py": b"TABLE = {'Sqs': 'sqs'}\n",
    "lazy/sqs.py": b"import helper\n",
    "lazy/deep/far.py": b"",
    "helper.py": b"",
}


def test_a_package_whose_modules_are_found_by_a_table_is_kept_whole(make: Make, write_wheel: WriteWheel) -> None:
    own = write_wheel("own", files={"own.py": b"import lazy\n"}, requires=("lazy",))

    artifact = make(own, write_wheel("lazy", files=LAZY))

    assert set(LAZY) <= paths_of(artifact)


def test_what_a_function_wants_kept_is_kept_whole(make: Make, write_wheel: WriteWheel) -> None:
    own = write_wheel("own", files={"own.py": b"import plain\n"}, requires=("plain",))
    plain = write_wheel("plain", files=dict.fromkeys(("plain/__init__.py", "plain/a/__init__.py", "plain/a/b.py"), b""))

    without, kept = make(own, plain), make(own, plain, keep=("plain.a",))

    assert paths_of(kept) - paths_of(without) == {"plain/a/__init__.py", "plain/a/b.py"}


def test_what_is_wanted_kept_and_does_not_exist_is_refused(make: Make, write_wheel: WriteWheel) -> None:
    with pytest.raises(PackagingError, match=r"^own keeps nowhere\.at\.all, which is no module of anything"):
        make(write_wheel("own"), keep=("nowhere.at.all",))


def test_modules_that_others_find_by_entry_points_are_kept(make: Make, write_wheel: WriteWheel) -> None:
    own = write_wheel("own", files={"own.py": b"import plugged\n"}, requires=("plugged",))
    points = b"[plugged.plugins]\nbest = plugged.best:Plugin\nold = plugged.old [extra]\n"
    points += b"Old = plugged.older\n[console_scripts]\nplugged = plugged.cli:main\n"
    files = {f"plugged/{name}.py": b"" for name in ("__init__", "best", "old", "older", "cli")}

    artifact = make(own, write_wheel("plugged", files=files | {"plugged-1.0.dist-info/entry_points.txt": points}))

    assert paths_of(artifact) & set(files) == set(files) - {"plugged/cli.py"}


def test_modules_that_a_functions_data_names_are_kept(make: Make, write_wheel: WriteWheel) -> None:
    """As a configuration of logs does, or a table of tools."""
    table = b'[handlers]\njson = "plain.logs.Handler"\n'
    own = write_wheel("own", files={"own.py": b"import plain\n", "own.toml": table}, requires=("plain",))
    plain = write_wheel("plain", files=dict.fromkeys(("plain/__init__.py", "plain/logs.py", "plain/other.py"), b""))

    assert paths_of(make(own, plain)) >= {"plain/__init__.py", "plain/logs.py"}
    assert "plain/other.py" not in paths_of(make(own, plain))


def test_modules_that_a_packages_table_names_are_kept(make: Make, write_wheel: WriteWheel) -> None:
    """Another package may load them."""
    own = write_wheel("own", files={"own.py": b"import plain\n"}, requires=("plain",))
    files = {"plain/__init__.py": b"", "plain/a.py": b"", "plain/b.py": b"", "plain/plugins.txt": b"plain.a\n"}

    assert "plain/a.py" in (paths := paths_of(make(own, write_wheel("plain", files=files))))
    assert "plain/b.py" not in paths


PLUG = dict.fromkeys(("plug/__init__.py", "plug/a.py", "plug/sub/__init__.py", "plug/sub/b.py"), b"")
LOAD = b"def load(name): return importlib.import_module(name)\n"


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({"own.py": b"load('plug' + '.' + name)"}, set(PLUG)),
        ({"own.py": b"load('.'.join(['plug', 'sub', name]))"}, {"plug/sub/b.py"}),
        ({"own.py": b"load(f'plug.plugin_{name}')"}, set(PLUG)),
        ({"own.py": b"PLACE = 'plug/sub/b.py'"}, {"plug/sub/b.py"}),
        ({"own.py": b'N = """\n  first = plug.a\n  plug.sub.b:Class\n""".split()'}, {"plug/a.py", "plug/sub/b.py"}),
        ({"own.py": b'CODE = """\nfrom plug import a\nfrom plug.sub import b\n"""'}, {"plug/a.py", "plug/sub/b.py"}),
        ({"own.py": b"NAMES = 'plug.a,plug.sub.b'.split(',')"}, {"plug/a.py", "plug/sub/b.py"}),
        ({"own.py": LOAD + b"PREFIX = 'plug'\nNAMES = ['a', 'sub.b']"}, set(PLUG)),
        ({"own.py": b"NAMES = [('plug', 'a')]\nload = [import_string('.'.join(it)) for it in NAMES]"}, set(PLUG)),
        ({"own.py": LOAD + b"TABLE = {'one': ('plug', 'a')}"}, set(PLUG)),
        ({"own.py": LOAD + b"import_module('.' + name, 'plug')"}, set(PLUG)),
        ({"own.py": b"import plug\nspec_from_file_location('x', Path(plug.__file__).parent / name)"}, set(PLUG)),
        ({"own.py": LOAD, "table.py": b"PREFIX = 'plug'\nNAMES = ['a', 'sub.b']"}, set(PLUG)),
        ({"own.py": LOAD, "table.py": b'NAMES = """\nplug\n"""'}, set(PLUG)),
        ({"own.py": LOAD, "own.toml": b'package = "plug"\nmodules = ["a", "sub.b"]'}, set(PLUG)),
        ({"own.py": LOAD, "own.yaml": b"plug:\n  - a\n  - sub.b\n"}, set(PLUG)),
        ({"own.py": LOAD, "own.json": b'{"package": "plug", "modules": ["a"]}'}, set(PLUG)),
        ({"own.py": b"", "own.json": b'["plug.a", "plug/sub/b.py"]'}, {"plug/a.py", "plug/sub/b.py"}),
        ({"own.py": b"", "points.txt": b"[own.plugins]\none = plug.a:Class\n"}, {"plug/a.py"}),
    ],
)
@pytest.mark.parametrize("holder", ["own", "third"])
def test_modules_that_are_named_in_pieces_in_texts_or_in_data_are_kept(
    make: Make, write_wheel: WriteWheel, files: dict[str, bytes], kept: set[str], holder: str
) -> None:
    """By the function's own code, and by a package that it requires."""
    files = {path.replace("own", holder): content for path, content in files.items()}
    plug = write_wheel("plug", files=PLUG)
    holding = write_wheel(holder, files=files | {f"{holder}_start.py": b"import plug"}, requires=("plug",))
    start = {"start.py": b"import third, third_start"}
    wheels = [write_wheel("start", files=start, requires=("third",))] if holder == "third" else []

    assert kept | {"plug/__init__.py"} <= paths_of(make(*wheels, holding, plug))


def test_a_package_whose_name_is_handed_to_a_loader_is_kept_whole(make: Make, write_wheel: WriteWheel) -> None:
    code = b"import plug, loader\nloader.load_all('plug', ['a', 'sub.b'])\n"
    own = write_wheel("own", files={"own.py": code}, requires=("plug", "loader"))
    load = b"def load_all(package, names): return [import_module(f'{package}.{name}') for name in names]\n"

    assert set(PLUG) <= paths_of(
        make(own, write_wheel("plug", files=PLUG), write_wheel("loader", files={"loader.py": load}))
    )


def test_a_package_whose_name_is_only_said_is_not_kept_whole(make: Make, write_wheel: WriteWheel) -> None:
    code = b"import plug\nimportlib.import_module('json')\ngetLogger('plug')\nraise Error('plug.plug is missing')\n"
    own = write_wheel("own", files={"own.py": code, "own.txt": b"plug"}, requires=("plug",))

    assert paths_of(make(own, write_wheel("plug", files=PLUG))) & set(PLUG) == {"plug/__init__.py"}


def test_a_package_has_what_it_imports_though_a_module_beside_it_has_its_name(
    make: Make, write_wheel: WriteWheel
) -> None:
    own = write_wheel("own", files={"own.py": b"import plain\n"}, requires=("plain",))
    files = {"plain/__init__.py": b"from . import part\n", "plain/part.py": b"", "plain.py": b""}

    assert set(files) <= paths_of(make(own, write_wheel("plain", files=files)))


def test_a_source_that_is_run_as_a_script_is_kept(make: Make, write_wheel: WriteWheel) -> None:
    own = write_wheel("own", files={"own.py": b"import plain\n"}, requires=("plain",))
    files = {"plain/__init__.py": b"run([sys.executable, HERE / 'worker.py'])\n", "plain/worker.py": b""}

    assert set(files) <= paths_of(make(own, write_wheel("plain", files=files)))


@pytest.mark.parametrize(
    ("tag", "file"),
    [
        ("cp313-cp313-manylinux2014_aarch64", "fast/_c.cpython-313-aarch64-linux-gnu.so"),
        ("py3-none-any", "fast/_c.abi3.so"),
        ("py3-none-any", "fast/libfast.so"),
        ("py3-none-any", "fast/hidden.pyc"),
    ],
)
def test_what_compiled_code_may_import_is_kept(make: Make, write_wheel: WriteWheel, tag: str, file: str) -> None:
    own = write_wheel("own", files={"own.py": b"import fast, needed\n"}, requires=("fast", "needed"))
    files = {"fast/__init__.py": b"", "fast/later.py": b"", file: b"\x7fELF"}
    needed = {"needed/__init__.py": b"", "needed/part.py": b""}
    tests = {it: {f"{it}/tests/__init__.py": b"", f"{it}/tests/case.py": b""} for it in ("fast", "needed")}

    artifact = make(
        own,
        write_wheel("fast", files=files | tests["fast"], tag=tag, requires=("needed",)),
        write_wheel("needed", files=needed | tests["needed"]),
    )

    everything = {*files, *needed, *tests["fast"], *tests["needed"]}
    assert paths_of(artifact) & everything == {*files, *needed}


def test_what_is_required_and_nothing_seems_to_import_is_kept_whole(make: Make, write_wheel: WriteWheel) -> None:
    own = write_wheel("own", files={"own.py": b"load('hidden')\n"}, requires=("hidden",))

    artifact = make(own, write_wheel("hidden", files={"hidden/__init__.py": b"", "hidden/a.py": b""}))

    assert {"hidden/__init__.py", "hidden/a.py"} <= paths_of(artifact)


SQS = {"metadata": {"endpointPrefix": "sqs"}, "operations": {"SendMessage": {}, "DeleteQueue": {}}, "shapes": {}}


def test_others_clients_have_their_services_too(make: Make, write_wheel: WriteWheel) -> None:
    """As aws-xray-sdk makes its client; what is no service of botocore's may mean anything."""
    own = write_wheel("own", files={"own.py": b"import tracing\n"}, requires=("tracing",))
    code = b"a.create_client('sqs').send_message()\na.client('GET')\n"
    tracing = write_wheel("tracing", files={"tracing.py": code}, requires=("botocore",))
    model = gzip.compress(json.dumps(SQS).encode())
    data = {f"botocore/data/{it}/2012/service-2.json.gz": model for it in ("sqs", "s3")}

    artifact = make(own, tracing, write_wheel("botocore", files={"botocore/__init__.py": b""} | data))

    assert artifact.services == {"sqs"}
    [kept] = [it for part in artifact.parts.values() for it in part.members if "/data/" in it.path]
    assert (kept.path, list(json.loads(kept.content())["operations"])) == (
        "botocore/data/sqs/2012/service-2.json",
        ["SendMessage"],
    )


def operations_in(artifact: Artifact) -> set[str]:
    members = [it for part in artifact.parts.values() for it in part.members if it.path.endswith("service-2.json")]
    return {operation for member in members for operation in json.loads(member.content())["operations"]}


def test_what_the_sdk_itself_calls_of_a_client_is_kept(make: Make, write_wheel: WriteWheel) -> None:
    """As s3transfer does for `upload_file`; a package that requires the SDK may be handed a client as well."""
    own = write_wheel("own", files={"own.py": b"a.client('sqs').upload()\n"}, requires=("transfer",))
    transfer = write_wheel(
        "transfer", files={"transfer.py": b"def f(client): client.delete_queue()\n"}, requires=("botocore",)
    )
    model = gzip.compress(json.dumps(SQS).encode())
    files = {"botocore/__init__.py": b"", "botocore/data/sqs/2012/service-2.json.gz": model}

    assert operations_in(make(own, transfer, write_wheel("botocore", files=files))) == {"DeleteQueue"}


def test_a_service_of_a_package_whose_need_of_the_sdk_nobody_asks_for_is_left_out(
    make: Make, write_wheel: WriteWheel
) -> None:
    """pydantic-settings reads secrets from AWS with an extra alone."""
    code = b"from boto3 import client\ndef f(): return client('sqs').send_message()\n"
    model = gzip.compress(json.dumps(SQS).encode())
    files = {"botocore/__init__.py": b"", "botocore/data/sqs/2012/service-2.json.gz": model}
    botocore = write_wheel("botocore", files=files)
    settings = write_wheel("settings", files={"settings.py": code}, requires=("botocore; extra == 'aws'",))

    services = [
        make(write_wheel("own", files={"own.py": b"import settings\n"}, requires=requires), settings, botocore).services
        for requires in (("settings", "botocore"), ("settings[aws]",))
    ]

    assert services == [frozenset(), {"sqs"}]


ZONES = "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz"


@pytest.mark.parametrize(
    ("own", "requires", "keep", "is_kept"),
    [
        (b"import botocore", ("botocore",), (), False),
        (b"import botocore", ("botocore",), ("dateutil.zoneinfo",), True),
        (b"import botocore, dateutil.tz", ("botocore",), (), True),
        (b"import botocore\ndef f():\n  from dateutil import tz", ("botocore",), (), True),
        (b"import botocore", ("botocore", "python-dateutil"), (), True),
    ],
)
def test_the_archive_of_time_zones_is_packed_for_those_who_may_read_it(
    make: Make, write_wheel: WriteWheel, own: bytes, requires: tuple[str, ...], keep: tuple[str, ...], is_kept: bool
) -> None:
    files = {"dateutil/__init__.py": b"", "dateutil/tz.py": b"", "dateutil/zoneinfo/__init__.py": b"", ZONES: b"zones"}
    dateutil = write_wheel("python_dateutil", files=files)
    botocore = write_wheel("botocore", files={"botocore.py": b"import dateutil.tz"}, requires=("python-dateutil",))

    artifact = make(write_wheel("own", files={"own.py": own}, requires=requires), botocore, dateutil, keep=keep)

    assert (ZONES in paths_of(artifact)) is is_kept


def paths_of(artifact: Artifact) -> set[str]:
    return {member.path for part in artifact.parts.values() for member in part.members}


def test_two_wheels_that_clash_are_refused(make: Make, write_wheel: WriteWheel) -> None:
    own = write_wheel("own", files={"own.py": b"import a, b"}, requires=("a", "b"))

    with pytest.raises(
        PackagingError, match=r"a-1\.0-py3-none-any\.whl and b-1\.0-py3-none-any\.whl both write LICENSE"
    ):
        make(own, write_wheel("a", files={"LICENSE": b"a"}), write_wheel("b", files={"LICENSE": b"b"}))


@pytest.mark.parametrize(
    ("size", "unzipped", "faults"),
    [
        (52_428_800, 262_144_000, ()),
        (52_428_801, 0, ("main.zip is 52,428,801 bytes; Lambda's limit is 52,428,800 bytes",)),
        (0, 262_144_001, ("main.zip is 262,144,001 bytes unzipped; Lambda's limit is 262,144,000 bytes",)),
    ],
)
def test_what_lambda_would_not_take_is_refused(size: int, unzipped: int, faults: tuple[str, ...]) -> None:
    """Lambda's limits are 50 MB and 250 MB (LAM-44); its own error message gives the second as 262144000 bytes."""
    if not faults:
        check_limits("main.zip", size, unzipped)
        return

    with pytest.raises(PackagingError) as refused:
        check_limits("main.zip", size, unzipped)

    assert refused.value.faults == faults


def test_an_artifact_over_the_limit_is_not_made(
    make: Make, write_wheel: WriteWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "SIZE_LIMIT", 10)
    monkeypatch.setattr(artifacts, "UNZIPPED_LIMIT", 10)

    with pytest.raises(PackagingError) as refused:
        make(write_wheel("own"))

    assert len(refused.value.faults) == 2


def test_a_function_that_is_no_distribution_is_refused(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "test")

    with pytest.raises(PackagingError, match="functions has the name selador-main"):
        make_artifact("main", canonicalize_name("selador-main"), {}, Target("arm64"), cache, clock=lambda: 0.0)


def test_a_project_without_a_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"requirements\.txt does not exist, or git ignores it; run make lock"):
        build_artifacts(tmp_path, {}, Target("arm64"), report=lambda line: None, clock=lambda: 0.0)


def test_a_project_without_the_functions_is_refused(tmp_path: Path) -> None:
    lock = {"requirements.txt": SourceFile(b"")}

    with pytest.raises(PackagingError, match="functions has the name selador-websocket-handler"):
        build_artifacts(tmp_path, lock, Target("arm64"), report=lambda line: None, clock=lambda: 0.0)
