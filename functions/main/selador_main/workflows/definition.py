"""What a workflow's file says, checked whole: every fault with its file, line and field."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from selador_main.errors import SeladorMainError
from selador_main.workflows.template import Reference, Template, parse_template
from selador_main.workflows.toml_lines import TomlLines
from selador_shared.protocol import WorkflowName
from selador_shared.settings import ServiceTier

FOLDER = Path(__file__).parent

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


def _template(value: object) -> Template:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("has to be a text that is not empty")
    return parse_template(value)


Text = Annotated[Template, BeforeValidator(_template)]


class _Part(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid", frozen=True, strict=True)


class Input(_Part):
    """What a client gives; one that is not `required` is the empty text where it is left out."""

    description: Annotated[str, StringConstraints(min_length=1)]
    required: bool = True
    max_characters: Annotated[int, Field(ge=1, le=20_000)] = 2_000


class Retrieve(_Part):
    """Finds passages; its result is their numbered text, and each is cited where the answer names its number."""

    kind: Literal["retrieve"]
    name: Name
    query: Text
    number_of_results: Annotated[int, Field(ge=1, le=100)] | None = None

    @property
    def stream(self) -> bool:
        return False

    @property
    def templates(self) -> dict[str, Template]:
        return {"query": self.query}


class Generate(_Part):
    """Asks a model; None of the limits is the deployment's own."""

    kind: Literal["generate"]
    name: Name
    prompt: Text
    system: Text | None = None
    model: str | None = None
    max_tokens: Annotated[int, Field(ge=1, le=65_536)] | None = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    service_tier: ServiceTier | None = None
    stream: bool = False

    @property
    def templates(self) -> dict[str, Template]:
        return {"prompt": self.prompt} | ({} if self.system is None else {"system": self.system})


class Query(_Part):
    """Asks the query agent, as a client does."""

    kind: Literal["query"]
    name: Name
    text: Text
    stream: bool = False

    @property
    def templates(self) -> dict[str, Template]:
        return {"text": self.text}


Step = Retrieve | Generate | Query


class Definition(_Part):
    """A workflow: its inputs by name, and its steps in order."""

    description: Annotated[str, StringConstraints(min_length=1)]
    inputs: dict[Name, Input] = {}
    steps: Annotated[list[Annotated[Step, Field(discriminator="kind")]], Field(min_length=1, max_length=20)]


class WorkflowFilesError(SeladorMainError):
    """Workflow files are faulty; the message has a line for each fault: file, line, field and what is wrong."""

    def __init__(self, faults: Collection["Fault"]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong."""

    file: str
    line: int
    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.problem}"


def load_definitions(folder: Path = FOLDER, *, models: Collection[str] | None = None) -> Mapping[str, Definition]:
    """Return the definitions in `folder` by their names, those of their files.

    `models` are the names that a step may ask for besides the default; None leaves that open, as it is before a
    deployment. Raises WorkflowFilesError with all faults of all files.
    """
    definitions: dict[str, Definition] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            definitions[path.stem] = parse_definition(path.name, path.read_text(encoding="utf-8"), models=models)
        except WorkflowFilesError as error:
            faults += error.faults
    if faults:
        raise WorkflowFilesError(faults)
    return definitions


def parse_definition(file: str, text: str, *, models: Collection[str] | None = None) -> Definition:
    """Return the definition in `text`, the content of `file`. Raises WorkflowFilesError with all its faults."""
    try:
        members = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))  # 3.13's error has no attribute for it
        line = int(at[1]) if at else len(text.splitlines())
        raise WorkflowFilesError([Fault(file, line, "file", f"is no TOML: {error}")]) from None
    lines = TomlLines(text)
    try:
        definition = Definition.model_validate(members)
    except ValidationError as error:
        faults = [_fault(file, lines, fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]
        raise WorkflowFilesError([*_misnamed(file), *faults]) from None
    faults = [
        Fault(file, lines.line(*path), ".".join(map(str, path)), problem)
        for path, problem in _inconsistencies(definition, models)
    ]
    if faults := [*_misnamed(file), *faults]:
        raise WorkflowFilesError(faults)
    return definition


_WORKFLOW_NAME: TypeAdapter[str] = TypeAdapter(WorkflowName)


def _misnamed(file: str) -> Iterator[Fault]:
    try:
        _WORKFLOW_NAME.validate_python(file.removesuffix(".toml"))
    except ValidationError:
        yield Fault(file, 1, "file", "its name is the workflow's: 1 to 64 of a-z, 0-9, - and _")


def _fault(file: str, lines: TomlLines, location: tuple[Any, ...], kind: str, message: str) -> Fault:
    path = list(location)
    if path[:1] == ["steps"] and len(path) > 2:
        del path[2]  # pydantic names the kind of step there
    if path[-1] == "[key]":
        path.pop()
    problem = {
        "missing": "is missing",
        "extra_forbidden": "is not a field here",
        "union_tag_not_found": "has no kind: retrieve, generate or query",
        "union_tag_invalid": "its kind is none of retrieve, generate and query",
    }.get(kind, message.removeprefix("Value error, "))
    return Fault(file, lines.line(*path), ".".join(map(str, path)), problem)


def _inconsistencies(
    definition: Definition, models: Collection[str] | None
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what is wrong between the parts: the place, and the problem."""
    earlier: dict[str, int] = {}
    used: set[Reference] = set()
    for index, step in enumerate(definition.steps):
        for field, template in step.templates.items():
            for reference in template.references:
                used.add(reference)
                known = definition.inputs if reference.source == "inputs" else earlier
                if reference.name not in known:
                    what = "no such input" if reference.source == "inputs" else "no earlier step of this name"
                    yield ("steps", index, field), f"{reference}: there is {what}"
        if step.name in earlier:
            yield ("steps", index, "name"), f"{step.name} is the name of step {earlier[step.name]} too"
        if isinstance(step, Generate) and models is not None and step.model is not None and step.model not in models:
            known_models = ", ".join(sorted(models)) or "none"
            yield ("steps", index, "model"), f"{step.model} is no model of this deployment, which has {known_models}"
        earlier.setdefault(step.name, index)
    for name in definition.inputs:
        if Reference("inputs", name) not in used:
            yield ("inputs", name), "no step uses it"
    for index, step in enumerate(definition.steps[:-1]):
        if not step.stream and Reference("steps", step.name) not in used:
            yield ("steps", index), "no later step uses its result, and it is not streamed"
