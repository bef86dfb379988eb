"""Convert a document to the text of a platform file that loads, and to notes about what was lost.

Parameters of an API are in the order of a direct call: those of the path, then the others in the
order of the document, then the members of the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urljoin

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import FRAMING, is_header_name, parse_media_type
from bpmax_sim.openapi.document import (
    Document,
    NoteGroup,
    convert_swagger2,
    cut_to_first_line,
    group_notes,
)
from bpmax_sim.openapi.schema import (
    SchemaConverter,
    Security,
    collect_scopes,
    find_single_type,
    is_within_file_limits,
    merge_object,
)
from bpmax_sim.path_template import fill_placeholders, list_placeholders
from bpmax_sim.platform.check import is_platform_address
from bpmax_sim.platform.load import read_platform_root
from bpmax_sim.platform.model import make_unique_name, to_snake_case
from bpmax_sim.platform.schema_keywords import to_list_or_empty, to_mapping_or_empty
from bpmax_sim.yamlfile import LARGEST, Steps, read_yaml, write_yaml

ParameterEntry = dict[str, Any]

_IGNORED: Final = FRAMING | {"accept", "content-type", "authorization"}
_IDEMPOTENCY: Final = frozenset({"idempotency-key", "x-idempotency-key"})
_JOINTS: Final = {"spaceDelimited": "spaces", "tabDelimited": "tabs", "pipeDelimited": "|"}
_SCALARS: Final = frozenset({"string", "integer", "number", "boolean"})
_LONGEST_NAME: Final = 200
_ENCODINGS: Final = (
    (re.compile(r"application/json"), "json"),
    (re.compile(r".*\+json"), "json"),
    (re.compile(r"application/x-www-form-urlencoded"), "form"),
    (re.compile(r"multipart/form-data"), "multipart"),
    (re.compile(r"text/xml|application/xml|.*\+xml"), "xml"),
    (re.compile(r"\*/\*|application/\*"), "json"),
    (re.compile(r"text/.*|application/octet-stream"), "text"),
)
"""Media types in the order of preference, and the encoding that makes them."""


class _Operation(msgspec.Struct, frozen=True):
    """An operation of an OpenAPI document: one method of one path.

    Attributes:
        shared: parameters that the document declares for all methods of the path.
        value: content of the operation.
        steps: path of the operation in the document.
    """

    path: str
    method: str
    shared: Any
    value: Mapping[str, Any]
    steps: Steps


def _convert_inputs(document: Document, operation: _Operation) -> dict[str, Any]:
    """Return what a platform file says of the inputs of *operation*.

    That is ``parameters``, the encoding of the body, and the header for an idempotency key.
    """
    steps = operation.steps
    by_place = {
        (str(parameter.get("in")), str(parameter.get("name"))): (parameter, where)
        for parameter, where in (
            *_iterate_parameters(document, operation.shared, (*steps[:-1], "parameters")),
            *_iterate_parameters(
                document, operation.value.get("parameters"), (*steps, "parameters")
            ),
        )
    }
    # OpenAPI 3.1, Path Item Object: a parameter of the operation replaces the path's parameter of
    # the same name and place, which the mapping does.
    keys: dict[str, Any] = {}
    converted: list[ParameterEntry] = []
    for parameter, where in by_place.values():
        # Such a key is made for each call by the platform file, and so is no argument of a script.
        if parameter.get("in") == "header" and str(parameter["name"]).lower() in _IDEMPOTENCY:
            keys["idempotency"] = {"in": "header", "name": str(parameter["name"])}
        elif (entry := _convert_parameter(document, parameter, where)) is not None:
            converted.append(entry)
    names = list_placeholders(operation.path)
    _note_parameters_outside_path(document, names, converted, steps)
    ordered = _order_parameters_by_path(names, converted)
    body = document.resolve_reference(operation.value.get("requestBody"), (*steps, "requestBody"))
    entries, more = _convert_body(document, to_mapping_or_empty(body), (*steps, "requestBody"))
    parameters = _rename_duplicates([*ordered, *entries])
    return {**({"parameters": parameters} if parameters else {}), **keys, **more}


def _iterate_parameters(
    document: Document, value: Any, steps: Steps
) -> Iterator[tuple[Mapping[str, Any], Steps]]:
    for index, raw in enumerate(to_list_or_empty(value)):
        where = (*steps, index)
        parameter = document.resolve_reference(raw, where)
        if (
            isinstance(parameter, dict)
            and isinstance(parameter.get("name"), str)
            and parameter["name"]
        ):
            yield parameter, where
        elif parameter != {}:
            document.note_loss(where, msg("the parameter has no name and was skipped"))


def _convert_parameter(
    document: Document, parameter: Mapping[str, Any], steps: Steps
) -> ParameterEntry | None:
    name, place = str(parameter["name"]), parameter.get("in")
    if place == "header" and name.lower() in _IGNORED:
        return None  # by the standard, or as the transport sets them, these say nothing
    if wrong := _describe_wrong_name(name, place):
        short = name[:_LONGEST_NAME]
        document.note_loss(
            steps, "parameter {name!r}: {wrong}; it is left out", name=short, wrong=wrong
        )
        return None
    entry: ParameterEntry = {"name": name, "in": place}
    if parameter.get("required") is True or place == "path":
        entry["required"] = True
    carried = SchemaConverter(document).write_schema(parameter.get("schema"), (*steps, "schema"))
    content = to_mapping_or_empty(parameter.get("content"))
    if content:
        media = next(iter(content))
        document.note_loss(
            steps,
            "parameter {name!r} is {media} in a text; pass JSON.stringify(…)",
            name=name,
            media=media,
        )
    elif find_single_type(carried) not in _SCALARS and (
        text := _explain_how_to_pass_array(parameter)
    ):
        document.note_loss(steps, "parameter {name!r}: {text}", name=name, text=text)
    title = _make_title_entry(parameter, "title", "description")
    return {**entry, **title, **_convert_schema_keys(carried, is_required="required" in entry)}


def _describe_wrong_name(name: str, place: Any) -> str:
    if place not in ("path", "query", "header"):
        return msg("a parameter in {place!r} cannot be declared", place=place)
    if len(name) > _LONGEST_NAME:
        return msg("its name is longer than {longest_name} characters", longest_name=_LONGEST_NAME)
    if place == "header" and not is_header_name(name):
        return msg("not a header name")
    return ""


def _explain_how_to_pass_array(parameter: Mapping[str, Any]) -> str:
    """Return a note on how a script must pass an array or object to *parameter*.

    "" if it is sent as repeated names, as this package does by itself.
    """
    style = parameter.get("style", "form" if parameter.get("in") == "query" else "simple")
    if style == "deepObject":
        return msg("an object is written as name[key]=value; pass such a name with $query")
    joint = _JOINTS.get(str(style), "")
    if not joint and style == "form" and parameter.get("explode") is False:
        joint = ","
    if not joint:
        return ""
    return msg("an array is written with {joint} between its items; pass a text", joint=joint)


def _make_title_entry(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a ``title`` from the first of *names* that *value* has; else an empty dict."""
    title = next(filter(None, (cut_to_first_line(value.get(name)) for name in names)), "")
    return {"title": title} if title else {}


def _convert_schema_keys(schema: Mapping[str, Any], *, is_required: bool = False) -> ParameterEntry:
    """Return what a platform file says of a parameter with this *schema*.

    The keys are ``type``, ``enum``, ``format``, ``default`` and ``schema``. A parameter that
    *is_required* and allows one value only gets that as ``default``.
    """
    entry: ParameterEntry = {}
    rest = {name: value for name, value in schema.items() if name != "example"}
    if kind := find_single_type(schema):
        entry["type"] = kind
        del rest["type"]
        for word in ("enum", "format"):
            if word in rest:
                entry[word] = rest.pop(word)
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    # What is always the same need not be passed by scripts.
    if is_required and len(allowed) == 1 and isinstance(allowed[0], str | int | float):
        entry["default"] = allowed[0]
    return {**entry, **({"schema": rest} if rest else {})}


def _note_parameters_outside_path(
    document: Document, placeholders: Sequence[str], entries: Sequence[ParameterEntry], steps: Steps
) -> None:
    """Note at *steps* the path parameters in *entries* for which the path has no placeholder."""
    for name in [entry["name"] for entry in entries if entry["in"] == "path"]:
        if name not in placeholders:
            document.note_loss(
                steps, "parameter {name!r}: it is not in the path; it is left out", name=name
            )


def _order_parameters_by_path(
    names: Sequence[str], entries: Sequence[ParameterEntry]
) -> list[ParameterEntry]:
    """Return *entries* with the path parameters first: one for each of *names*, in that order.

    *names* are the placeholders of the path, and ``crm.get(1, 2)`` passes arguments in the order of
    the result. Placeholders that the document does not declare are added, and other path parameters
    are left out.
    """
    by_name = {entry["name"]: entry for entry in entries if entry["in"] == "path"}
    placed = [by_name.get(name, {"name": name, "in": "path", "required": True}) for name in names]
    return [*placed, *(entry for entry in entries if entry["in"] != "path")]


def _convert_body(
    document: Document, body: Mapping[str, Any], steps: Steps
) -> tuple[list[ParameterEntry], Mapping[str, Any]]:
    """Return a parameter entry for each member of a request body, and the keys of its encoding.

    *body* stands at *steps* of the document. Of several media types one is taken; the others, and a
    media type that cannot be encoded, are noted.
    """
    content = to_mapping_or_empty(body.get("content"))
    if not content:
        return [], {}
    media, encoding = _choose_media_type(content)
    inner = (*steps, "content", media)
    if not encoding:
        document.note_loss(
            inner, "a body of {media} is sent as the text that a script passes", media=media
        )
    elif len(content) > 1:
        others = join_list(name for name in content if name != media)
        document.note_loss(
            steps,
            "the body is sent as {media}; not carried over: {others}",
            media=media,
            others=others,
        )
    carried = SchemaConverter(document).write_schema(
        to_mapping_or_empty(content[media]).get("schema"), (*inner, "schema")
    )
    is_required = body.get("required") is True
    return _convert_body_members(carried, is_required=is_required), _make_encoding_keys(
        media, encoding or "text"
    )


def _choose_media_type(content: Mapping[str, Any]) -> tuple[str, str]:
    plain = {media: parse_media_type(media) for media in content}
    for pattern, encoding in _ENCODINGS:
        for media, name in plain.items():
            if pattern.fullmatch(name):
                return media, encoding
    return next(iter(content)), ""


def _make_encoding_keys(media: str, encoding: str) -> Mapping[str, Any]:
    keys: dict[str, Any] = {} if encoding == "json" else {"encoding": encoding}
    usual = {"json": "application/json", "text": "text/plain", "xml": "application/xml"}
    name = media.partition(";")[0].strip()
    if encoding in usual and name.lower() != usual[encoding] and "*" not in name:
        keys["headers"] = {"Content-Type": name}
    return keys if name.isascii() and name.isprintable() else {"encoding": encoding}


def _convert_body_members(schema: Mapping[str, Any], *, is_required: bool) -> list[ParameterEntry]:
    """Return a parameter entry for each member of a body, or one for the whole body.

    The latter if it is no object, or a name of a member has another meaning in a platform file,
    such as ``a.b``. *is_required* is whether the body is required, without which no member is.
    """
    object_schema = merge_object(schema)
    members = object_schema["properties"] if object_schema else {}
    # In a platform file ``a.b`` is a member of ``a``, and ``$`` the whole body.
    if not object_schema or any(not name.strip() or "." in name or name == "$" for name in members):
        whole: ParameterEntry = {"name": "body", "in": "body", "to": "$"}
        needed = {"required": True} if is_required else {}
        return [{**whole, **needed, **_convert_schema_keys(schema)}]
    entries: list[ParameterEntry] = []
    for name, inner in members.items():
        needed = {"required": True} if is_required and name in object_schema["required"] else {}
        described = _convert_schema_keys(inner, is_required=bool(needed))
        entries.append({"name": name, "in": "body", **needed, **described})
    return entries


def _rename_duplicates(entries: list[ParameterEntry]) -> list[ParameterEntry]:
    """Return *entries* with unique names: a repeated name gets its place in front (``query_id``).

    Its key ``to`` keeps the name under which the parameter is sent.
    """
    names: set[str] = set()
    renamed: list[ParameterEntry] = []
    for entry in entries:
        name = entry["name"]
        if name in names:
            name = make_unique_name(f"{entry['in']}_{name}", names)
        names.add(name)
        target = entry.get("to", entry["name"])
        to = {"to": target} if target != name else {}
        rest = {key: value for key, value in entry.items() if key not in ("name", "in", "to")}
        renamed.append({"name": name, "in": entry["in"], **to, **rest})
    return renamed


_MOST_NOTES: Final = 40


def _write_file_header(document: Document, notes: tuple[NoteGroup, ...]) -> str:
    """Return comment lines with the source of the file and what could not be converted."""
    info = to_mapping_or_empty(document.root.get("info"))
    version = cut_to_first_line(str(info.get("version", "")), 40)
    name = document.name.rpartition("/")[2]
    lines = [
        msg(
            "Made of {line}{version} by bpmax-sim.",
            line=cut_to_first_line(name),
            version=msg(", version {version},", version=version) if version else "",
        )
    ]
    if notes:
        lines.append(msg("What could not be carried over, or differs:"))
        shown = notes[:_MOST_NOTES]
        lines += [
            f"  {cut_to_first_line(note.paths[0], 200)}: {cut_to_first_line(str(note), 230)}"
            for note in shown
        ]
        if left := len(notes) - len(shown):
            lines.append(msg("  and {description_count} more", description_count=left))
    return "".join(msg("# {text}\n", text=text) for text in lines)


METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_BRACES = re.compile(r"[{}]")
_LONGEST: Final = 100
_ANSWERS: Final = (300, 60, 15)
"""How many parts of a response's schema are written, in a document and in larger ones."""
_ROOM: Final = LARGEST * 3 // 4


class ConvertedPlatform(msgspec.Struct, frozen=True):
    """The platform file that was made from an OpenAPI document.

    Attributes:
        key: key of the platform.
        text: text of the file.
        apis: keys of its APIs.
        credentials: credentials that an instance must have, by name.
        notes: what was not converted, with its path in the document.
        kinds: the same notes, grouped by message.
    """

    key: str
    text: str
    apis: tuple[str, ...]
    credentials: tuple[str, ...]
    notes: tuple[Problem, ...]
    kinds: tuple[NoteGroup, ...]


def convert_document(
    document: Document, *, key: str, url: str = "", has_response_schemas: bool = False
) -> ConvertedPlatform:
    """Return the platform file for an OpenAPI document.

    Args:
        document: document; what cannot be converted is added to its notes.
        key: key of the platform.
        url: address of the platform if the document has none.
        has_response_schemas: whether the file contains the schemas of responses, which are most of
            a large document.

    Raises:
        ConfigError: if the document has no operation, or *key* or *url* is invalid, so that the
            platform file would not load.
    """
    if "swagger" in document.root:
        document = convert_swagger2(document, METHODS)
    base = url.rstrip("/") or _read_server_url(document, key)
    operations = list(_find_operations(document))
    if not operations:
        message = msg("'paths' has no operations, so nothing can be imported")
        raise ConfigError(Problem(message, Place(document.name)))
    root_security = document.root.get("security")
    requirements = (operation.value.get("security", root_security) for operation in operations)
    security = Security(document, base, collect_scopes(requirements))
    auth = security.write_auth(root_security, ("security",))
    named = zip(operations, _choose_api_keys_and_aliases(document, operations), strict=True)
    apis = {
        name: {**more, **_convert_operation(document, operation, security, auth)}
        for operation, (name, more) in named
    }
    value = _convert_platform(document, key, base, security, auth)
    if has_response_schemas:
        text = _write_with_schemas_that_fit(
            document, value, apis, dict(zip(apis, operations, strict=True))
        )
    else:
        text = write_yaml({**value, "apis": apis}, block_levels=2)
    # The text is read back as a user's file would be: whatever was overlooked in the document (a
    # name, a value that YAML reads otherwise) must fail here and not in the next run.
    if problems := read_platform_root(read_yaml(text, file=msg("the platform file"))).problems:
        raise ConfigError(
            msg(
                "{document_name}: the platform file of it would not load",
                document_name=document.name,
            ),
            *problems,
        )
    notes = tuple(document.notes)
    kinds = group_notes(notes)
    whole = f"{_write_file_header(document, kinds)}{text}"
    return ConvertedPlatform(key, whole, tuple(apis), tuple(security.credentials), notes, kinds)


def _find_operations(document: Document) -> Iterator[_Operation]:
    if document.root.get("webhooks"):
        document.note_loss(("webhooks",), msg("who calls BPMAX is not declared here"))
    for path, item in document.find_mapping("paths").items():
        if path.startswith("x-"):
            continue
        operations = to_mapping_or_empty(document.resolve_reference(item, ("paths", path)))
        is_whole = path.count("{") == path.count("}") and len(path) <= 10 * _LONGEST
        if not (path.startswith("/") and path.isprintable() and is_whole):
            document.note_loss(
                ("paths", path[:_LONGEST]), msg("a path begins with '/'; it is left out")
            )
            continue
        for method in METHODS:
            value = document.resolve_reference(operations.get(method), ("paths", path, method))
            if isinstance(value, dict):
                steps = ("paths", path, method)
                _note_unsupported_parts(document, operations, value, steps)
                yield _Operation(path, method, operations.get("parameters"), value, steps)


def _note_unsupported_parts(
    document: Document, item: Mapping[str, Any], operation: Mapping[str, Any], steps: Steps
) -> None:
    if operation.get("callbacks"):
        document.note_loss(
            (*steps, "callbacks"), msg("callbacks are not supported and were skipped")
        )
    for servers, where in ((item, steps[:-1]), (operation, steps)):
        if servers.get("servers") not in (None, [], document.root.get("servers")):
            message = msg(
                "per-operation servers are not supported; the platform has a single base URL"
            )
            document.note_loss((*where, "servers"), message)


def _choose_api_keys_and_aliases(
    document: Document, operations: list[_Operation]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, for each operation, its API key and the keys that declare its aliases.

    The key is made of the operationId, else of method and path; no two are equal in snake_case. The
    operationId is the alias, if it differs from the key.
    """
    taken: set[str] = set()

    def claim(name: str) -> bool:
        if to_snake_case(name) in taken or name.startswith("$"):
            return False
        taken.add(to_snake_case(name))
        return True

    for operation in operations:
        operation_id = operation.value.get("operationId")
        spelled = operation_id if isinstance(operation_id, str) else ""
        preferred = _replace_non_word_characters(spelled)
        # such as ``get_customers_by_id``
        words = fill_placeholders(operation.path, lambda placeholder: f"by_{placeholder}")
        stem = (
            preferred
            or _replace_non_word_characters(f"{operation.method}_{words}")
            or operation.method
        )
        candidates = (stem if n == 1 else f"{stem}_{n}" for n in range(1, 100_000))
        name = next(filter(claim, candidates))
        if preferred and name != preferred:
            document.note_loss(
                (*operation.steps, "operationId"),
                "another API is called {preferred!r} too; this one is called {name!r}",
                preferred=preferred,
                name=name,
            )
        alias = spelled.strip() if len(spelled) <= _LONGEST else ""
        is_own = alias and alias != name and alias.isprintable() and claim(alias)
        yield name, {"aliases": [alias]} if is_own else {}


def _replace_non_word_characters(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name).strip("_")[:_LONGEST]


def _convert_operation(
    document: Document, operation: _Operation, security: Security, auth: Any
) -> dict[str, Any]:
    entry = _make_title_entry(operation.value, "summary", "description")
    if operation.method != "get":
        entry["method"] = operation.method.upper()
    entry |= {"path": operation.path, **_convert_inputs(document, operation)}
    if "security" in operation.value:
        own = security.write_auth(operation.value["security"], (*operation.steps, "security"))
        entry |= {} if own == auth else {"auth": own}
    return entry


def _find_success_schema(
    document: Document, operation: _Operation, most_members: int
) -> Mapping[str, Any]:
    """Return the schema of the first JSON response with status 2xx, with its example.

    Without such a status, that of the ``default`` response; empty if there is none. A schema with
    more than *most_members* members is cut.
    """
    responses = to_mapping_or_empty(operation.value.get("responses"))
    good = sorted(name for name in responses if str(name)[:1] == "2") or ["default"]
    for name in good:
        steps = (*operation.steps, "responses", name)
        content = to_mapping_or_empty(
            to_mapping_or_empty(document.resolve_reference(responses.get(name), steps)).get(
                "content"
            )
        )
        for media, value in content.items():
            if "json" not in media.lower() and "*" not in media:
                continue
            where = (*steps, "content", media)
            carrying, declared = (
                SchemaConverter(document, "writeOnly", most_members),
                to_mapping_or_empty(value),
            )
            schema = carrying.write_schema(declared.get("schema"), (*where, "schema"))
            shown = _find_example(document, declared, where)
            # Of an example as many characters as are worth the parts of a schema.
            return schema | (shown if len(str(shown)) <= 30 * most_members else {})
    return {}


def _find_example(document: Document, media: Mapping[str, Any], steps: Steps) -> dict[str, Any]:
    if "example" in media:
        shown = media["example"]
    else:
        named = to_mapping_or_empty(media.get("examples"))
        first = next(iter(named), "")
        example = document.resolve_reference(named.get(first), (*steps, "examples", first))
        shown = to_mapping_or_empty(example).get("value")
    return {} if shown is None or not is_within_file_limits(shown) else {"example": shown}


def _convert_platform(
    document: Document, key: str, base: str, security: Security, auth: Any
) -> dict[str, Any]:
    title = _make_title_entry(to_mapping_or_empty(document.root.get("info")), "title")
    platform: dict[str, Any] = {"platform_key": key, **title, "base_url": base}
    if security.credentials:
        platform["credentials"] = dict(security.credentials)
    if security.response:
        platform["response"] = security.response
    return {**platform, "auth": auth}


def _read_server_url(document: Document, key: str) -> str:
    """Return the address of the document's first server, with default values of its variables.

    A missing or relative one is completed by a placeholder host made of *key*, and noted.
    """
    server = to_mapping_or_empty(next(iter(to_list_or_empty(document.root.get("servers"))), None))
    variables = to_mapping_or_empty(server.get("variables"))

    def value(name: str) -> str | None:
        default = to_mapping_or_empty(variables.get(name)).get("default")
        return default if isinstance(default, str) else None

    url = server.get("url")
    text = fill_placeholders(url, value) if isinstance(url, str) else ""
    instead = f"https://{re.sub(r'[^a-z0-9]+', '-', key.lower()).strip('-') or 'api'}.example.test"
    if text and not _BRACES.search(text):
        try:
            text = urljoin(f"{instead}/", text).rstrip("/")
        except ValueError:
            text = ""
    is_known = text and not _BRACES.search(text) and is_platform_address(text)
    if not (is_known and text.isprintable()):
        url, text = "", instead
    if not re.match("https?://", str(url)):
        document.note_loss(
            ("servers",),
            "no absolute server URL; using {text} as a placeholder, set the real one with --url",
            text=text,
        )
    return text


def _write_with_schemas_that_fit(
    document: Document,
    value: Mapping[str, Any],
    apis: Mapping[str, Mapping[str, Any]],
    operations: Mapping[str, _Operation],
) -> str:
    """Return the text of the platform file with the schemas of responses.

    They are cut to fewer and fewer members until the file has no more than its maximum size; if
    that is not enough, it gets none.
    """
    for most in _ANSWERS:
        notes = dict(document.notes)
        whole = {
            name: {**api, **({"answer": answer} if answer else {})}
            for name, api in apis.items()
            for answer in [_find_success_schema(document, operations[name], most)]
        }
        if len(msgspec.json.encode(whole)) <= _ROOM:  # about as long, and quickly told
            text = write_yaml({**value, "apis": whole}, block_levels=2)
            if len(text.encode("utf-8", "replace")) <= LARGEST:
                return text
        document.notes.clear()
        document.notes.update(notes)
    document.note_loss(("paths",), msg("the document is very large; response schemas were skipped"))
    return write_yaml({**value, "apis": apis}, block_levels=2)
