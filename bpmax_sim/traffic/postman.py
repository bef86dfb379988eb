"""Read Postman collections (v2.0, v2.1) with saved responses, called *examples*.

https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html. A request without a
saved response is left out. Variables are those of the collection and of its folders; an
environment is another file, whose values nobody should share.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from bpmax_sim.errors import CassetteError
from bpmax_sim.field_path import get_nested
from bpmax_sim.i18n import msg, plural
from bpmax_sim.messages import FORM, Exchange, Headers, Pairs
from bpmax_sim.platform.encodings import to_text
from bpmax_sim.traffic import imported, known_keys
from bpmax_sim.traffic.imported import (
    ForeignExchanges,
    ForeignFormat,
    NotConvertibleError,
    ReadOptions,
    has_member,
)

WHAT: Final = msg("a collection of Postman")
_VARIABLE: Final = re.compile(r"\{\{\s*+([^{}]+?)\s*\}\}")
# Behind a slash only: the port of `host:8080` is no parameter.
_PARAMETER: Final = re.compile(r"/:([\w.-]+)")
# Postman sends what begins with a host by HTTP.
_HOST: Final = re.compile(r"\A(?![A-Za-z][A-Za-z0-9+.-]*://)(?=[^/?#])")
# A fixed one, so that the same collection always becomes the same cassette.
_BOUNDARY: Final = "bpmax-sim-form-data"
_MEDIA: Final = {"json": "application/json", "xml": "application/xml", "html": "text/html"}
_DEEPEST: Final = 40
Variables = Mapping[str, str]


def read_postman(data: bytes, _options: ReadOptions) -> ForeignExchanges:
    """Return the exchanges of a Postman collection: its saved responses with their requests.

    Raises:
        CassetteError: if *data* is not a collection.
    """
    tree = imported.parse_json(data, WHAT)
    tree = tree.get("collection", tree) if isinstance(tree, dict) else tree
    imported.require_list(tree, "item", what=WHAT)
    examples = list(_find_saved_examples(tree, {}, 0))
    saved = [example for example in examples if example["response"] is not None]
    result = imported.read_items(enumerate(saved, 1), _read_exchange, known_keys.POSTMAN)
    if left := len(examples) - len(saved):
        note = plural(
            left,
            "{number} request has no saved response: it is left out",
            "{number} requests have no saved response: they are left out",
        )
        return ForeignExchanges(result.exchanges, (*result.notes, note))
    return result


def _find_saved_examples(folder: Any, outer: Variables, depth: int) -> Iterator[dict[str, Any]]:
    """Yield each saved response in *folder*, with its request and the variables that it may use.

    These are those of the folder itself and of the folders around it (*outer*). *depth* is the
    number of folders around it.
    """
    named = {
        str(item.get("key") or item.get("id")): to_text(item.get("value"))
        for item in _require_list(folder, "variable")
        if isinstance(item, dict) and not item.get("disabled")
    }
    variables = {**outer, **named}
    for item in _require_list(folder, "item") if depth < _DEEPEST else ():
        if not isinstance(item, dict):
            continue
        if "item" in item:
            yield from _find_saved_examples(item, variables, depth + 1)
        for saved in (_require_list(item, "response") or [None]) if "request" in item else ():
            own = saved.get("originalRequest") if isinstance(saved, dict) else None
            request = own or item["request"]
            yield {"request": request, "response": saved, "variables": variables}


def _require_list(folder: Mapping[str, Any], key: str) -> list[Any]:
    """Return the list *key* of a folder, empty if it has none.

    Raises:
        CassetteError: if something else stands there.
    """
    value = folder.get(key) or []
    if isinstance(value, list):
        return value
    raise CassetteError(
        "not {what}: {key} of {folder!r} is no list",
        what=WHAT,
        key=key,
        folder=str(folder.get("name") or get_nested(folder, ("info", "name")) or ""),
    )


def _read_exchange(example: Any) -> Exchange:
    variables, sent = example["variables"], example["request"]
    if isinstance(sent, str):
        sent = {"method": "GET", "url": sent}
    headers = _read_headers(sent.get("header"))
    headers, body = _read_headers_and_body(sent.get("body") or {}, headers, variables)
    return Exchange(
        request=imported.make_foreign_request(
            imported.require_text(sent.get("method") or "GET"),
            _read_url(sent["url"], variables),
            tuple((name, _fill_variables(value, variables)) for name, value in headers),
            body,
        ),
        outcome=_read_response(example["response"]),
    )


def _read_response(reply: Any) -> Any:
    if not isinstance(reply.get("code"), int):
        raise NotConvertibleError("its saved response has no status code")
    headers = _read_headers(reply.get("header"))
    content_type = Headers(headers).content_type
    if not content_type and reply.get("_postman_previewlanguage") in _MEDIA:
        content_type = _MEDIA[reply["_postman_previewlanguage"]]
        headers = (*headers, ("Content-Type", content_type))
    text = imported.require_text(reply.get("body") or "")
    return imported.make_decompressed_response(
        reply["code"],
        str(reply.get("status") or ""),
        headers,
        imported.encode_text(text, content_type),
        elapsed=float(reply.get("responseTime") or 0) / 1000,
    )


def _read_headers(headers: Any) -> Pairs:
    if isinstance(headers, str):  # "Name: value" lines, of v2.0
        lines = (line.partition(":") for line in headers.splitlines() if line.strip())
        return tuple((name.strip(), value.strip()) for name, _, value in lines)
    return tuple(_read_enabled_pairs(headers))


def _read_enabled_pairs(items: Any) -> Iterator[tuple[str, str]]:
    """Yield key and value of all entries that are not disabled."""
    for item in items or ():
        if not item.get("disabled"):
            yield imported.require_text(item.get("key") or ""), to_text(item.get("value"))


def _fill_variables(text: str, variables: Variables, depth: int = 0) -> str:
    """Return *text* with each ``{{variable}}`` replaced by its value, also inside values.

    Raises:
        NotConvertibleError: if one of them is not in the collection.
    """

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in variables or depth > _DEEPEST:
            raise NotConvertibleError(
                "it uses the variable {name!r}, which the collection does not have; "
                "give it a value there (Variables) and export again",
                name=match[1],
            )
        return _fill_variables(variables[match[1]], variables, depth + 1)

    return _VARIABLE.sub(value_of, text)


def _read_url(url: Any, variables: Variables) -> str:
    given = url if isinstance(url, str) else url.get("raw") or _compose_url(url)
    text = _HOST.sub("http://", _fill_variables(given, variables), count=1)
    own = {} if isinstance(url, str) else dict(_read_enabled_pairs(url.get("variable")))

    def parameter(match: re.Match[str]) -> str:
        return (
            f"/{quote(_fill_variables(own[match[1]], variables), safe='')}"
            if match[1] in own
            else match[0]
        )

    scheme, mark, rest = text.partition("://")
    path, question, query = rest.partition("?")
    return f"{scheme}{mark}{_PARAMETER.sub(parameter, path)}{question}{query}"


def _compose_url(url: Any) -> str:
    host, path = url.get("host") or "", url.get("path") or ""
    host = host if isinstance(host, str) else ".".join(host)
    path = (
        path
        if isinstance(path, str)
        else "/".join(
            part if isinstance(part, str) else to_text(part.get("value")) for part in path
        )
    )
    query = urlencode(list(_read_enabled_pairs(url.get("query"))), safe="{}")
    scheme = f"{url['protocol']}://" if url.get("protocol") else ""
    port = f":{url['port']}" if url.get("port") else ""
    return f"{scheme}{host}{port}/{path.lstrip('/')}{'?' if query else ''}{query}"


def _read_headers_and_body(
    body: Any, headers: Pairs, variables: Variables
) -> tuple[Pairs, bytes | None]:
    """Return the headers of a request with the content type that Postman adds, and its body."""
    mode = body.get("mode")
    if not mode or body.get("disabled"):
        return headers, None
    if mode == "raw":
        language = ((body.get("options") or {}).get("raw") or {}).get("language", "")
        text = _fill_variables(imported.require_text(body.get("raw") or ""), variables)
        typed = _with_content_type(headers, _MEDIA.get(language, "text/plain"))
        return typed, text.encode()
    if mode == "urlencoded":
        pairs = [
            (name, _fill_variables(value, variables))
            for name, value in _read_enabled_pairs(body.get(mode))
        ]
        return _with_content_type(headers, FORM), urlencode(pairs).encode()
    if mode == "graphql":
        query = dict(body.get(mode) or {})
        query["variables"] = json.loads(_fill_variables(query.get("variables") or "{}", variables))
        return _with_content_type(headers, "application/json"), json.dumps(query).encode()
    if mode == "formdata":
        fields = [item for item in body.get(mode) or () if not item.get("disabled")]
        typed = _with_content_type(headers, f"multipart/form-data; boundary={_BOUNDARY}")
        return typed, _encode_multipart(fields, variables)
    raise NotConvertibleError("its body is a file, which the collection does not hold")


def _with_content_type(headers: Pairs, media: str) -> Pairs:
    if Headers(headers).content_type:
        return headers
    return (*headers, ("Content-Type", media))


def _encode_multipart(fields: Iterable[Any], variables: Variables) -> bytes:
    parts = []
    for item in fields:
        if item.get("type") == "file":
            raise NotConvertibleError("its body has a file, which the collection does not hold")
        value = _fill_variables(to_text(item.get("value")), variables)
        disposition = f'Content-Disposition: form-data; name="{item["key"]}"'
        parts.append(f"--{_BOUNDARY}\r\n{disposition}\r\n\r\n{value}\r\n")
    return f"{''.join(parts)}--{_BOUNDARY}--\r\n".encode()


POSTMAN_FORMAT: Final = ForeignFormat(
    read=read_postman,
    recognise=lambda _text, tree: (
        (has_member(tree, "info", "schema") and has_member(tree, "item"))
        or has_member(tree, "collection", "item")
    ),
)
