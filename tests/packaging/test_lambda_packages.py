"""Twenty packages that functions on Lambda use most: packed by this builder, unzipped, and used in a bare interpreter.

Their newest versions come from the package index, so this runs by `make test-packages`, apart from `make test`. The
table for docs/packaging.md is left in build/lambda-packages.md.
"""

import hashlib
import json
import platform
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.artifacts import Artifact, WheelSource, make_artifact
from selador_packaging.cache import open_cache
from selador_packaging.fetch import fetch_wheels
from selador_packaging.imports import module_name, read_imports
from selador_packaging.inspection import inspect_wheel
from selador_packaging.lock import LockedRelease
from selador_packaging.target import Target, architecture_of
from selador_packaging.wheels import read_wheel

pytestmark = pytest.mark.packages

type WriteWheel = Callable[..., Path]

# Each package as a requirement, and a function's code that uses it; what it prints last is compared with "works".
PACKAGES = {
    "aws-lambda-powertools[parser,tracer]": """
        from aws_lambda_powertools import Logger, Metrics, Tracer
        from aws_lambda_powertools.utilities.parser import models
        from aws_lambda_powertools.utilities.parser.models import SqsModel
        Logger(service="a"), Metrics(namespace="a", service="a"), Tracer(service="a", disabled=False)
        assert models.S3Model and SqsModel.model_fields
    """,
    "aws-xray-sdk": """
        from aws_xray_sdk.core import patch, xray_recorder
        patch(("botocore", "httplib", "sqlite3"))
        assert xray_recorder.begin_segment("a").id
    """,
    "opentelemetry-sdk opentelemetry-exporter-otlp-proto-http": """
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
        with trace.get_tracer("a").start_as_current_span("b") as span:
            assert span.get_span_context().is_valid
        SimpleSpanProcessor(OTLPSpanExporter()).shutdown()
    """,
    "langchain-core": """
        from langchain_core.messages import HumanMessage
        from langchain_core.prompts import ChatPromptTemplate
        from langchain_core.runnables import RunnableLambda
        chain = ChatPromptTemplate.from_template("hello {name}") | RunnableLambda(lambda it: it.to_messages())
        assert chain.invoke({"name": "you"}) == [HumanMessage("hello you")]
    """,
    "requests": """
        import requests
        assert requests.Request("GET", "https://example.org/", params={"a": "ü"}).prepare().url.endswith("a=%C3%BC")
        requests.Session().get_adapter("https://")
    """,
    "httpx[http2]": """
        import httpx
        with httpx.Client(http2=True, transport=httpx.MockTransport(lambda request: httpx.Response(200))) as client:
            assert client.get("https://example.org").status_code == 200
        httpx.Client(http2=True).close()
    """,
    "aiohttp": """
        import asyncio, aiohttp
        async def run():
            async with aiohttp.ClientSession() as session:
                try: await session.get("http://127.0.0.1:1/")
                except aiohttp.ClientConnectorError: pass
        asyncio.run(run())
    """,
    "orjson": """
        import orjson
        assert orjson.loads(orjson.dumps({"a": [1, None]})) == {"a": [1, None]}
    """,
    "numpy": """
        import numpy as np
        assert np.allclose(np.linalg.inv(np.eye(3)) @ np.eye(3), np.eye(3))
        np.fft.fft(np.arange(8)), np.random.default_rng(1).normal(), np.polynomial.Polynomial([1, 2])(3), np.testing
    """,
    "pandas": """
        import pandas as pd
        frame = pd.DataFrame({"day": pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True), "n": [1, 2]})
        assert frame.groupby("day").n.sum().sum() == 3 and frame.day.dt.tz_convert("Europe/Berlin").dt.hour.all()
        frame.to_csv(), frame.to_json()
    """,
    "psycopg[binary]": """
        import psycopg
        assert psycopg.pq.__impl__ == "binary"
        try: psycopg.connect("host=127.0.0.1 port=1 connect_timeout=1")
        except psycopg.OperationalError: pass
    """,
    "SQLAlchemy PyMySQL": """
        from sqlalchemy import create_engine, text
        from sqlalchemy.exc import OperationalError
        with create_engine("sqlite://").connect() as connection:
            assert connection.execute(text("select 1")).scalar() == 1
        try: create_engine("mysql+pymysql://a@127.0.0.1:1/b").connect()
        except OperationalError: pass
    """,
    "PyMySQL": """
        import pymysql.cursors
        try: pymysql.connect(host="127.0.0.1", port=1, cursorclass=pymysql.cursors.DictCursor)
        except pymysql.OperationalError: pass
    """,
    "redis": """
        import redis
        try: redis.Redis(port=1).ping()
        except redis.ConnectionError: pass
    """,
    "jsonschema": """
        import jsonschema
        jsonschema.Draft202012Validator.check_schema({"type": "object"})
        jsonschema.validate({"a": 1}, {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"})
    """,
    "pydantic[email]": """
        import pydantic
        class Model(pydantic.BaseModel):
            mail: pydantic.EmailStr
            site: pydantic.HttpUrl
        assert Model(mail="a@example.com", site="https://example.org").model_dump_json()
        Model.model_json_schema()
    """,
    "Jinja2": """
        import jinja2
        assert jinja2.Environment(autoescape=True).from_string("{{ a|tojson }}").render(a=1) == "1"
    """,
    "sentry-sdk": """
        import sentry_sdk
        from sentry_sdk.integrations.aws_lambda import AwsLambdaIntegration
        sentry_sdk.init("https://key@127.0.0.1:1/1", integrations=[AwsLambdaIntegration()], shutdown_timeout=0)
    """,
    "Pillow": """
        import io
        from PIL import Image
        file = io.BytesIO()
        Image.new("RGB", (8, 8)).save(file, "WEBP")
        Image.new("RGB", (8, 8)).save(file := io.BytesIO(), "PNG")
        assert Image.open(file).resize((4, 4)).size == (4, 4)
    """,
    "lxml": """
        from lxml import etree, html, objectify
        assert etree.XML("<a><b/></a>").xpath("count(//b)") == 1.0
        html.fromstring("<p>a</p>"), objectify.fromstring("<a/>")
    """,
}
HOST = Target(architecture_of(platform.machine()))


@pytest.fixture(scope="module")
def table(project_folder: Path) -> Iterator[list[str]]:
    rows = ["| package | wheels, MB | zip, MB | modules left out | works |", "|---|--:|--:|--:|---|"]
    yield rows
    (project_folder / "build" / "lambda-packages.md").write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("requirements", PACKAGES)
def test_a_package_works_as_it_is_packed(
    requirements: str, write_wheel: WriteWheel, project_folder: Path, tmp_path: Path, table: list[str]
) -> None:
    code = "\n".join(line.removeprefix("        ") for line in PACKAGES[requirements].splitlines())
    own = write_wheel("own", files={"own.py": code.encode()}, requires=tuple(requirements.split()))
    artifact, wheels_size = pack(own, requirements.split(), project_folder)
    task = tmp_path / "task"
    (tmp_path / "main.zip").write_bytes(artifact.content)
    with zipfile.ZipFile(tmp_path / "main.zip") as archive:
        archive.extractall(task)

    used = run_bare(task, "import own; print('works')")
    offered = run_bare(task, ask_for_everything(task))

    modules = {module for wheel in artifact.wheels.values() for module in wheel.modules}
    left_out = len(modules - artifact.reached)
    first, *_ = requirements.split()
    version = artifact.wheels[canonicalize_name(first.partition("[")[0])].metadata.version
    sizes = f"{wheels_size / 1e6:.1f} | {len(artifact.content) / 1e6:.1f} | {left_out:,} of {len(modules):,}"
    does = "yes" if (used.stdout, offered.stdout) == ("works\n", "done\n") else "no"
    table.append(f"| {requirements} {version} | {sizes} | {does} |")
    assert used.stdout == "works\n", used.stderr
    assert offered.stdout == "done\n", offered.stderr


def pack(own: Path, requirements: list[str], project: Path) -> tuple[Artifact, int]:
    """The artifact of `own` with the newest of all that it requires, and the bytes of these wheels."""
    folder = project / "build" / "lambda-packages"
    cache = open_cache(folder, platform.python_version())
    fetched = fetch_wheels(resolve(requirements), HOST, folder / "wheels", report=lambda line: None)
    sources = {}
    for path in [own, *(wheel.path for wheel in fetched.values())]:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        read = partial(read_wheel, path)
        inspected = inspect_wheel(digest, path.name, read, cache, is_own=path is own)
        sources[inspected.metadata.name] = WheelSource(inspected, read)
    artifact = make_artifact("main", NormalizedName("own"), sources, HOST, cache, clock=time.perf_counter)
    return artifact, sum(wheel.path.stat().st_size for wheel in fetched.values())


def resolve(requirements: list[str]) -> dict[NormalizedName, LockedRelease]:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    run = subprocess.run(
        [*command, "--only-binary", ":all:", *requirements], capture_output=True, text=True, check=True
    )
    releases = {}
    for item in json.loads(run.stdout)["install"]:
        name = canonicalize_name(item["metadata"]["name"])
        hashes: dict[str, Any] = item["download_info"]["archive_info"]["hashes"]
        releases[name] = LockedRelease(name, item["metadata"]["version"], frozenset({hashes["sha256"]}))
    return releases


def ask_for_everything(task: Path) -> str:
    """A script that asks each package which offers names on demand for all of them."""
    tables = {}
    for file in sorted(task.rglob("__init__.py")):
        path = file.relative_to(task).as_posix()
        if found := read_imports(file.read_bytes(), path).on_demand:
            tables[module_name(path)] = sorted(found)
    packages = sorted({it.name.partition(".")[0] for it in task.iterdir()})
    return (
        "import importlib, warnings; warnings.simplefilter('ignore')\n"
        f"for package, names in {tables!r}.items():\n"
        "    for name in names:\n"
        "        try: getattr(importlib.import_module(package), name)\n"
        "        except ModuleNotFoundError as error:\n"
        f"            if (error.name or '').partition('.')[0] in {packages!r}: print(package, name, error)\n"
        "        except Exception: pass  # a package may want what isn't installed, or may not mean a module\n"
        "print('done')"
    )


def run_bare(task: Path, script: str) -> subprocess.CompletedProcess[str]:
    """-S: only the standard library and the unzipped artifact are there, as under /var/task."""
    python = str(Path(sys.base_prefix) / "bin" / "python3.13")
    return subprocess.run(
        [python, "-S", "-B", "-c", script],
        env={"PYTHONPATH": str(task), "HOME": str(task), "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )
