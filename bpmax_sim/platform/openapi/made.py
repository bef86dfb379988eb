"""A document -> the text of a platform file that loads, and what it could not carry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urljoin

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.platform.check import is_address
from bpmax_sim.platform.file import PlatformFile, read_root
from bpmax_sim.platform.openapi.document import Document, Steps, line, listed, mapping
from bpmax_sim.platform.openapi.head import head_of
from bpmax_sim.platform.openapi.inputs import inputs_of
from bpmax_sim.platform.openapi.schemas import Carrying, is_small
from bpmax_sim.platform.openapi.security import Security, scopes_of
from bpmax_sim.platform.openapi.swagger import upgraded
from bpmax_sim.platform.spelling import snake
from bpmax_sim.yamlfile import LARGEST, read_yaml, write_yaml

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_BRACES = re.compile(r"[{}]")
_VARIABLE = re.compile(r"\{([^{}]+)\}")
_LONGEST: Final = 100
_ANSWERS: Final = (300, 60, 15)
"""How many parts of an answer's schema are written, in a document and in larger ones."""
_SHOWN: Final = 30  # characters of an example, for each of them
_ROOM: Final = LARGEST * 3 // 4


class Made(msgspec.Struct, frozen=True):
    """A platform file.

    Attributes:
        key: of the platform.
        text: of the file.
        apis: the keys of its APIs.
        credentials: what an instance has to have, by name.
        is_addressed: whether the document or the user told where it is.
        notes: what was not carried over, with its path in the document.
    """

    key: str
    text: str
    apis: tuple[str, ...]
    credentials: tuple[str, ...]
    notes: tuple[Problem, ...]
    is_addressed: bool


def make(document: Document, *, key: str, url: str = "") -> Made:
    """Return the platform *key* of a document; *url* is its address where the document has none.

    Raises:
        ConfigError: the document has no operation, or *key* or *url* is not what it has to be.
    """
    if "swagger" in document.root:
        document = upgraded(document, METHODS)
    base = url.rstrip("/") or _base(document, key)
    is_addressed = not document.notes
    operations = list(_operations(document))
    if not operations:
        told = "there is no operation in 'paths', so there is nothing to import"
        raise ConfigError(Problem(told, Place(document.name)))
    root_security = document.root.get("security")
    asked = (one.value.get("security", root_security) for one in operations)
    security = Security(document, base, scopes_of(asked))
    auth = security.auth(root_security, ("security",))
    names = _Names(document)
    apis = {
        name: {**more, **_api(document, one, security, auth)}
        for one in operations
        for name, more in [names.of(one)]
    }
    value = _platform(document, key, base, security, auth)
    text = _fitting(document, value, apis, dict(zip(apis, operations, strict=True)))
    _check(text, document)
    notes = tuple(document.notes)
    credentials = tuple(security.credentials)
    whole = f"{head_of(document, notes)}{text}"
    return Made(key, whole, tuple(apis), credentials, notes, is_addressed)


class _Operation(msgspec.Struct, frozen=True):
    path: str
    method: str
    shared: Any
    value: Mapping[str, Any]
    steps: Steps


def _operations(document: Document) -> Iterator[_Operation]:
    if document.root.get("webhooks"):
        document.tell("who calls BPMAX is not declared here", ("webhooks",))
    for path, item in mapping(document.root.get("paths")).items():
        if path.startswith("x-"):
            continue
        found = mapping(document.followed(item, ("paths", path)))
        if not path.startswith("/") or not _is_printable(path):
            document.tell("a path begins with '/'; it is left out", ("paths", path[:_LONGEST]))
            continue
        for method in METHODS:
            value = document.followed(found.get(method), ("paths", path, method))
            if isinstance(value, dict):
                steps = ("paths", path, method)
                _tell_unsaid(document, found, value, steps)
                yield _Operation(path, method, found.get("parameters"), value, steps)


def _is_printable(path: str) -> bool:
    return path.isprintable() and len(path) <= 10 * _LONGEST and path.count("{") == path.count("}")


def _tell_unsaid(
    document: Document, item: Mapping[str, Any], operation: Mapping[str, Any], steps: Steps
) -> None:
    if operation.get("callbacks"):
        document.tell("callbacks are not declared here", (*steps, "callbacks"))
    for servers, where in ((item, steps[:-1]), (operation, steps)):
        if servers.get("servers"):
            told = "an address of its own; the platform has one for all its APIs"
            document.tell(told, (*where, "servers"))


class _Names(msgspec.Struct):
    """The names of APIs, each once in either style."""

    document: Document
    _taken: set[str] = msgspec.field(default_factory=set)

    def of(self, operation: _Operation) -> tuple[str, dict[str, Any]]:
        """Return the name of *operation*, and the aliases that it has besides."""
        said = operation.value.get("operationId")
        wanted = _plain(said) if isinstance(said, str) else ""
        name = self._free(wanted or _spelled(operation.method, operation.path))
        if wanted and name != wanted:
            told = f"another API is called {wanted!r} too; this one is called {name!r}"
            self.document.tell(told, (*operation.steps, "operationId"))
        alias = said.strip() if isinstance(said, str) and len(said) <= _LONGEST else ""
        if alias and alias != name and alias.isprintable() and self._claim(alias):
            return name, {"aliases": [alias]}
        return name, {}

    def _free(self, name: str) -> str:
        candidates = (name if n == 1 else f"{name}_{n}" for n in range(1, 100_000))
        return next(one for one in candidates if self._claim(one))

    def _claim(self, name: str) -> bool:
        if snake(name) in self._taken or name.startswith("$"):
            return False
        self._taken.add(snake(name))
        return True


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name).strip("_")[:_LONGEST]


def _spelled(method: str, path: str) -> str:
    """Return a name made of method and path: ``get_customers_by_id``."""
    words = _VARIABLE.sub(lambda found: f"by_{found[1]}", path)
    return _plain(f"{method}_{words}") or method


def _api(document: Document, one: _Operation, security: Security, auth: Any) -> dict[str, Any]:
    title = line(one.value.get("summary")) or line(one.value.get("description"))
    found: dict[str, Any] = {"title": title} if title else {}
    if one.method != "get":
        found["method"] = one.method.upper()
    found["path"] = one.path
    inputs = inputs_of(document, one.path, one.shared, one.value, one.steps)
    if inputs.parameters:
        found["parameters"] = inputs.parameters
    found |= inputs.keys
    if "security" in one.value:
        own = security.auth(one.value["security"], (*one.steps, "security"))
        found |= {} if own == auth else {"auth": own}
    return found


def _answer(document: Document, one: _Operation, most: int) -> Mapping[str, Any]:
    """Return the schema of the first answer that is a success and JSON, with its example."""
    responses = mapping(one.value.get("responses"))
    good = sorted(name for name in responses if str(name)[:1] == "2") or ["default"]
    for name in good:
        steps = (*one.steps, "responses", name)
        content = mapping(mapping(document.followed(responses.get(name), steps)).get("content"))
        for media, value in content.items():
            if "json" not in media and "*" not in media:
                continue
            where = (*steps, "content", media)
            schema = Carrying(document, "writeOnly", most).schema(
                mapping(value).get("schema"), (*where, "schema")
            )
            shown = _example(document, mapping(value), where)
            return schema | (shown if len(str(shown)) <= _SHOWN * most else {})
    return {}


def _example(document: Document, media: Mapping[str, Any], steps: Steps) -> dict[str, Any]:
    if "example" in media:
        shown = media["example"]
    else:
        named = mapping(media.get("examples"))
        first = next(iter(named), "")
        found = document.followed(named.get(first), (*steps, "examples", first))
        shown = mapping(found).get("value")
    return {} if shown is None or not is_small(shown) else {"example": shown}


def _platform(
    document: Document, key: str, base: str, security: Security, auth: Any
) -> dict[str, Any]:
    title = line(mapping(document.root.get("info")).get("title"))
    found: dict[str, Any] = {"platform_key": key, **({"title": title} if title else {})}
    found["base_url"] = base
    if security.credentials:
        found["credentials"] = dict(security.credentials)
    if security.response:
        found["response"] = security.response
    return {**found, "auth": auth}


def _base(document: Document, key: str) -> str:
    """Return the address of the first server, its variables at their defaults."""
    server = mapping(next(iter(listed(document.root.get("servers"))), None))
    variables = mapping(server.get("variables"))

    def value(found: re.Match[str]) -> str:
        default = mapping(variables.get(found[1])).get("default")
        return default if isinstance(default, str) else found[0]

    said = server.get("url")
    text = _VARIABLE.sub(value, said) if isinstance(said, str) else ""
    instead = f"https://{re.sub(r'[^a-z0-9]+', '-', key.lower()).strip('-') or 'api'}.example.test"
    if text and not _BRACES.search(text):
        try:
            text = urljoin(f"{instead}/", text).rstrip("/")
        except ValueError:
            text = ""
    if not text or _BRACES.search(text) or not is_address(text) or not text.isprintable():
        text = instead
    if not re.match("https?://", str(said)) or text == instead:
        told = f"there is no whole address; {text} stands for it, tell the true one with --url"
        document.tell(told, ("servers",))
    return text


def _fitting(
    document: Document,
    value: Mapping[str, Any],
    apis: Mapping[str, Mapping[str, Any]],
    operations: Mapping[str, _Operation],
) -> str:
    """Return the text, with as much of what the answers are as a file has room for."""
    for most in _ANSWERS:
        notes = dict(document.notes)
        whole = {
            name: {**api, **({"answer": answer} if answer else {})}
            for name, api in apis.items()
            for answer in [_answer(document, operations[name], most)]
        }
        if len(msgspec.json.encode(whole)) <= _ROOM:  # about as long, and quickly told
            text = write_yaml({**value, "apis": whole}, block=2)
            if len(text.encode("utf-8", "replace")) <= LARGEST:
                return text
        document.notes.clear()
        document.notes.update(notes)
    document.tell("the document is very large; schemas of answers are left out", ("paths",))
    return write_yaml({**value, "apis": apis}, block=2)


def _check(text: str, document: Document) -> None:
    """Read the file as a run would.

    Raises:
        ConfigError: it would not load.
    """
    found: PlatformFile = read_root(read_yaml(text, file="the platform file"))
    if found.problems:
        told = f"{document.name}: the platform file of it would not load"
        raise ConfigError(told, *found.problems)
