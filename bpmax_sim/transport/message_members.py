"""Read a message into members, and find those that hold a secret by their name or place.

The names are those of `secret.secret_names`; what an address holds without a name is told by
`secret.secret_addresses`, and what a text assigns by `loose_members`.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from html import unescape
from itertools import chain
from typing import Any, Final, NamedTuple

from ahocorasick_rs import BytesAhoCorasick

from bpmax_sim.cassette.matching import parse_query
from bpmax_sim.cassette.model import decode_json, group_by_name, read_body
from bpmax_sim.field_path import Steps, Wildcard, without_paths
from bpmax_sim.messages import Headers, Pairs
from bpmax_sim.secret.http_auth import SECRET_HEADERS, SET_BY_SERVER, read_basic
from bpmax_sim.secret.secret_addresses import (
    FoundSecret,
    find_address_secrets,
    may_hold_address_secret,
)
from bpmax_sim.secret.secret_names import (
    SHORTEST,
    VERSION,
    is_placeholder,
    is_secret_name,
    is_secret_value,
    is_template_or_mask,
    make_texts_around_value,
    may_name_secret,
    restore_plus_signs,
)
from bpmax_sim.secret.source import looks_random
from bpmax_sim.secret.standin import STANDIN_PREFIX
from bpmax_sim.text_codec import decode_text
from bpmax_sim.transport.loose_members import (
    find_assigned_secrets,
    find_named_value,
    find_secrets_in_scripts,
    find_settings,
    group_texts,
    restore_repeated_members,
    split_scripts,
    unwrap_jsonp,
)
from bpmax_sim.transport.redaction import decode_url_component

ALWAYS_HIDDEN: Final = SECRET_HEADERS | SET_BY_SERVER
"""Hidden by their place already."""

LARGEST: Final = 16_000_000  # bytes of a body that is looked into; a larger one is a file
_LARGEST_BEFORE_3: Final = 1_000_000
_DEEPEST: Final = 3  # JSON in a text of JSON
LENIENT: Final = 2  # version of the rules since which what parsers lose is read, too
_ADDRESSES: Final = 3  # version since which addresses, settings, tables and inner formats are

_ELEMENT: Final = re.compile(
    r"<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>\s*+"
    r"(?:<!\[CDATA\[((?:(?!\]\]>|<!\[CDATA\[).)*+)\]\]>\s*+|([^<]++))</",
    re.DOTALL,
)
_TAG: Final = re.compile(r"<[\w.:-]+\s[^<>]*>")
_ATTRIBUTE: Final = re.compile(
    r"""\s(?:[\w.-]+:)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>][^\s<>]*?)(?=\s|/?>))"""
)
"""In double quotes, in single ones, or as HTML allows it, in none; ``/>`` ends a tag, no value."""
_WORD: Final = "(?:[A-Za-z]{1,15}|[0-9./:-]{1,15})"  # longer ones are hidden everywhere
# Each repetition is bounded, so that the time grows with the text and not with its square.
_PLAIN_MEMBER: Final = rf"""(?<![\w-])(?P<name>%s)\\{{0,9}}["']?(?:
    \s{{0,99}}[:=]\s{{0,99}}
    | (?:\s[^<>]{{0,200}})?>\s{{0,99}}(?:<!\[CDATA\[)?\s{{0,99}}
    | [^\r\n]{{0,200}}\r\n(?:[^\r\n]{{1,200}}\r\n){{0,9}}\r\n
)(?: (?P<quote>\\{{0,9}}["'])(?P<word>{_WORD})(?P=quote)
    | (?P<bare>{_WORD})(?:[<&,;\s\]}})]|$) )"""
"""A name and its value in JSON, a form, an attribute, an element or a part of a multipart body."""
_PLAIN_NAME: Final = r"""\sname\s*=\s*["']?(%s)["'\s/>]"""
_PLAIN_VALUE: Final = re.compile(
    rf"""\s(?:value|content)\s*=\s*["']?({_WORD})(?=["'\s>]|/>)""", re.IGNORECASE
)
_EVENT: Final = re.compile(r"^(?:data:\s*)?([{\[].*)$", re.MULTILINE)
_RUN: Final = re.compile(r"""[^\s"'<>]+""")
_QUERY: Final = re.compile("[?#]")
_FORM: Final = re.compile(r"[^\s=&<>{}]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")


class MessageMember(NamedTuple):
    """A text in a message.

    Attributes:
        path: where it stands; of a text inside another one, where that stands.
        name: what it is called.
        text: the text.
        around: what stands directly before and behind it, if that and not the name tells that it is
            a secret.
    """

    path: Steps
    name: str
    text: str
    around: tuple[str, str] | None = None


def parse_message_parts(
    headers: Pairs,
    body: bytes | None,
    query: Pairs,
    charset: str = "",
    version: int = VERSION,
    path: str = "",
) -> dict[str, Any]:
    """Return path, query, headers and body of a message as plain values, to search names in them.

    The body may have any known format. Markup becomes a dict from names to the texts of elements
    and attributes of that name. *charset* is the declared encoding of the body. *version* is that
    of the secret-name rules: older ones read fewer spellings. *path* is that of a request.
    """
    most = LARGEST if version >= _ADDRESSES else _LARGEST_BEFORE_3
    return {
        "path": path,
        "query": _group_query(query, version),
        "header": _group_by_name([(name.lower(), value) for name, value in headers]),
        "body": _parse_body(body, Headers(headers).content_type, charset, version)
        if body and len(body) <= most
        else None,
    }


def find_secret_members(
    parts: dict[str, Any],
    not_secret: Iterable[Steps] = (),
    version: int = VERSION,
    hidden: frozenset[str] = ALWAYS_HIDDEN,
) -> Iterator[MessageMember]:
    """Yield the members whose name, or place in an address, says that they are secret.

    *parts* is the message as plain values under ``path``, ``query``, ``header`` and ``body``;
    places in *not_secret* and the headers *hidden* are left out. *version* is that of the
    secret-name rules.
    """
    paths = list(not_secret)
    shown = without_paths(parts, paths) if paths else parts
    members = _iterate_member_texts(
        {root: value for root, value in shown.items() if root != "path"}, (), "", version=version
    )
    if version >= _ADDRESSES:
        members = chain(_find_members_of_address(shown, str(parts.get("path") or "")), members)
    seen: set[str] = set()
    for member in members:
        path, name, text, around = member
        if path[0] == "header" and name in hidden:
            continue
        is_secret = around is not None or is_secret_name(name, version)
        if is_secret and version >= _ADDRESSES and is_template_or_mask(text):
            continue
        # Beside its members, a body is searched as a whole.
        is_again = path == ("body",) and text in seen
        if is_secret and not is_again and is_secret_value(name, text, version):
            seen.add(text)
            yield member


def _find_members_of_address(parts: Mapping[str, Any], path: str) -> Iterator[MessageMember]:
    """Yield what is secret in *path*, the path of a request, or in its query because of the path.

    *parts* has what of both may be secret.
    """
    for found in find_address_secrets(path, is_path=True) if parts.get("path") else ():
        yield MessageMember(("path",), found.name, found.text, (found.before, found.after))
    query = parts.get("query") if "webhook" in path else None
    for name, value in query.items() if isinstance(query, dict) else ():
        for text in value if isinstance(value, list) else [value]:
            for found in find_address_secrets(f"{path}?{name}={text}"):
                if found.before.endswith(f"{name}="):
                    yield MessageMember(("query", name), found.name, text, (f"{name}=", ""))


def find_tokens_in_login_body(
    parts: dict[str, Any], not_secret: Iterable[Steps] = ()
) -> Iterator[MessageMember]:
    """Yield the members of a login's body that are tokens by form or name.

    *parts* is the message as plain values under ``query``, ``header`` and ``body``; places in
    *not_secret* are left out.
    """
    body = {"body": parts["body"]}
    paths = list(not_secret)
    top = parts["body"] if isinstance(parts["body"], dict) else {}
    is_envelope = not _OF_ENVELOPES.isdisjoint([str(name).lower() for name in top])
    for member in _iterate_member_texts(without_paths(body, paths) if paths else body, (), ""):
        path, name, text, _ = member
        is_named = is_secret_name(name) or name.lower() in _OF_LOGINS
        # Beside a message or data it is the code of a success, which all responses have.
        is_status = is_envelope and path[1:] == (name,) and name.lower() == "code"
        is_named = is_named and not is_status
        is_token = looks_random(text) and not (" " in text or "://" in text)
        if len(text) >= SHORTEST and STANDIN_PREFIX not in text and (is_named or is_token):
            yield member


_OF_ENVELOPES: Final = frozenset({"msg", "message", "errmsg", "data"})
_OF_LOGINS: Final = frozenset({"session", "sid", "ticket", "code", "jsapi_ticket", "sessiontoken"})


def _group_by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    # A name of a query or form that is not in UTF-8 is escaped still.
    return group_by_name(
        [(decode_url_component(name)[0] if "%" in name else name, value) for name, value in pairs]
    )


def _group_query(pairs: Iterable[tuple[str, str]], version: int) -> dict[str, Any]:
    """Return the decoded *pairs* of a query by name, secrets with their plus signs."""
    return _restore_plus_signs(_group_by_name(pairs), version)


def _restore_plus_signs(members: dict[str, Any], version: int) -> dict[str, Any]:
    """Return the *members* of a query or form with the plus signs of secrets, read as spaces."""
    if version < LENIENT:
        return members
    return {
        name: _restore_in_value(name, value) if is_secret_name(name) else value
        for name, value in members.items()
    }


def _restore_in_value(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_restore_in_value(name, item) for item in value]
    return restore_plus_signs(name, value)


def _parse_body(body: bytes, content_type: str, charset: str, version: int) -> Any:
    read = read_body(body, content_type)
    if read.kind == "multipart":
        return {name: _read_part_content(value) for name, value in read.value.items()}
    if read.kind == "form":
        return _restore_plus_signs(read.value, version)
    if read.kind == "json":
        is_lenient = version >= LENIENT
        return restore_repeated_members(read.value, body.decode()) if is_lenient else read.value
    return _parse_untyped_body(_decode_body(body, content_type, charset, version), version)


def _decode_body(body: bytes, content_type: str, charset: str, version: int) -> str:
    """Return the text of *body*; since version 3 of the rules, what is no UTF-8 may be GBK."""
    decoded = decode_text(body, content_type, charset)
    if version >= _ADDRESSES and decoded.wrong_at >= 0:
        with suppress(UnicodeDecodeError):  # as Excel writes tables, and nobody says so
            return body.decode("gb18030")
    return decoded.text


def _parse_untyped_body(text: str, version: int) -> Any:
    """Return a body without media type as markup, form, JSON, lines of JSON or plain text."""
    start = text.lstrip()[:1]
    if start == "<":
        return _parse_markup(text, version)
    if _FORM.fullmatch(text) and not (version >= _ADDRESSES and _IS_NO_FORM.match(text)):
        form = _group_query(parse_query(text), version)
        return form | {_WHOLE_TEXT: text} if version >= _ADDRESSES else form
    if start in {"{", "["} and (whole := _parse_json_or_none(text, version)) is not None:
        return whole
    if version < LENIENT:
        return [*_parse_lines_of_json(text, version).values()] or text
    return _parse_loose_text(text, version)


def _parse_loose_text(text: str, version: int) -> Any:
    """Return the members of JSONP and lines of JSON, and of other texts those with secret names.

    If there are none, *text* is returned.
    """
    if wrapped := unwrap_jsonp(text):
        whole = _parse_json_or_none(wrapped, version)
        if whole is not None:
            return whole
    lines = _parse_lines_of_json(text, version)
    rest = _EVENT.sub(lambda found: "" if found[1] in lines else found[0], text) if lines else text
    assigned = [*find_assigned_secrets(rest, is_data=text.lstrip()[:1] in {"{", "["})]
    whole = {_WHOLE_TEXT: rest} if version >= _ADDRESSES else {}
    if not assigned:
        return [*lines.values(), *whole.values()] if lines else text
    members = group_texts([*assigned, *_find_pairs_of_addresses(rest)]) | whole
    return [*lines.values(), members] if lines else members


def _parse_lines_of_json(text: str, version: int) -> dict[str, Any]:
    """Return the values of the lines of *text* that are JSON, as events and logs have them."""
    return {
        found: value
        for found in _EVENT.findall(text)
        if (value := _parse_json_or_none(found, version)) is not None
    }


def _read_part_content(value: Any) -> Any:
    """Return the content of a multipart part; headers of the part are not searched."""
    if isinstance(value, list):
        return [_read_part_content(item) for item in value]
    return value.get("content") if isinstance(value, dict) else value


def _parse_json_or_none(text: str, version: int) -> Any:
    try:
        value = decode_json(text)
    except ValueError:
        return None
    return restore_repeated_members(value, text) if version >= LENIENT else value


def _parse_markup(text: str, version: int) -> dict[str, Any]:
    """Return texts of elements and attributes by local name, and of HTML inputs by input name.

    Secrets that inline scripts assign are among them.
    """
    pairs = [(n, unescape(plain) if plain else raw) for n, raw, plain in _ELEMENT.findall(text)]
    for tag in _TAG.findall(text):
        attributes = {
            name: unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(tag)
        }
        spoken = {name.lower(): value for name, value in attributes.items()}  # as HTML reads them
        value = spoken.get("value", spoken.get("content"))
        if "name" in spoken and value is not None:
            pairs.append((spoken["name"], value))
        pairs += attributes.items()
    if version >= LENIENT:
        pairs += find_secrets_in_scripts(text)
    if version >= _ADDRESSES:
        pairs += [(_WHOLE_TEXT, one) for one in _list_texts_of_markup(text)]
    return _group_by_name(pairs)


_WHOLE_TEXT: Final = ""
"""Under this name a text as a whole stands beside the members that were found in it."""

_ANY_TAG: Final = re.compile("<[^<>]{0,2000}>")


def _list_texts_of_markup(text: str) -> list[str]:
    """Return what a page shows, without tags, and its inline scripts and styles."""
    shown, programs = list[str](), list[str]()
    for kind, piece in split_scripts(text):
        (programs if kind else shown).append(piece)
    return [unescape(_ANY_TAG.sub(" ", " ".join(shown))), *filter(str.strip, programs)]


def find_texts_around_words(
    text: str, words: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield (name, word, text before it, text behind it) where a word stands beside its name.

    *text* is a whole body, and *words* are the names of members with their values, plain words or
    numbers. The text before begins with the name, or with the element that has it as attribute.
    Other texts, such as logs, may lay them out differently: `make_texts_around_value` is for those.
    """
    wanted = set(words)
    spellings = {form: name for name, _ in wanted for form in (name, json.dumps(name)[1:-1])}
    names = "|".join(re.escape(form) for form in sorted(spellings, key=len, reverse=True))
    for found in re.finditer(_PLAIN_MEMBER % names, text, re.VERBOSE) if wanted else ():
        name, word = spellings[found["name"]], found["word"] or found["bare"]
        if (name, word) in wanted:
            begin, end = found.span("word" if found["word"] else "bare")
            yield name, word, text[found.start() : begin], text[end : found.end()]
    named = re.compile(_PLAIN_NAME % names, re.IGNORECASE)
    for tag in _TAG.findall(text) if wanted else ():
        called, value = named.search(tag), _PLAIN_VALUE.search(tag)
        if called and value and (spellings.get(called[1]), value[1]) in wanted:
            yield spellings[called[1]], value[1], tag[: value.start(1)], tag[value.end(1) :]


def _iterate_member_texts(
    value: Any, path: Steps, name: str, depth: int = 0, version: int = VERSION
) -> Iterator[MessageMember]:
    """Yield each text in *value*, with its path and the name of the member that holds it."""
    if isinstance(value, dict):
        key_of_value, own_name = (find_named_value(value) if version >= LENIENT else None) or (
            "",
            "",
        )
        for key, inner in value.items():
            called = own_name if own_name and key == key_of_value else str(key)
            place = (*path, str(key)) if key != _WHOLE_TEXT else path
            yield from _iterate_member_texts(inner, place, called, depth, version)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _iterate_member_texts(inner, (*path, Wildcard.ALL), name, depth, version)
    elif isinstance(value, str):
        yield MessageMember(path, name, value)
        if depth < _DEEPEST and len(value) > SHORTEST:
            yield from _find_inner_members(value, path, depth, version)


def _find_inner_members(
    text: str, path: Steps, depth: int, version: int
) -> Iterator[MessageMember]:
    """Yield the members inside a text that is JSON, a form or addresses, at its *path*.

    Since version 3 of the rules, it may also be markup, settings, or any of these in base64.
    """
    inner = _parse_inner_format(text, version)
    placed: list[MessageMember] = []
    if inner is None and version >= _ADDRESSES:
        placed = [*_find_members_without_name(text, path)]
        yield from placed
    if inner is None and "=" in text and text[0] not in "{[":
        is_form = version >= LENIENT and _FORM.fullmatch(text) and not _QUERY.search(text)
        if not is_form:
            inner = [_group_by_name(pairs) for pairs in _parse_addresses(text)]
        elif not placed:  # or it is a connection string, and no form
            inner = _group_by_name(_parse_query_of_text(text))
    if inner:
        for _, name, found, around in _iterate_member_texts(inner, (), "", depth + 1, version):
            yield MessageMember(path, name, found, around)


def _parse_inner_format(text: str, version: int) -> Any:
    """Return the value of a text that is JSON; since version 3 of markup, and of both in base64.

    None for other texts.
    """
    if text[0] in "{[":
        return _parse_json_or_none(text, version)
    if version < _ADDRESSES:
        return None
    is_markup = text[0] == "<" and ("</" in text or "/>" in text)
    return _parse_markup(text, version) if is_markup else _decode_base64(text) or None


def _find_members_without_name(text: str, path: Steps) -> Iterator[MessageMember]:
    """Yield what is secret in *text* because of what stands around it, at its *path*."""
    if not _SIGN.search(text):
        return
    text = text.replace("\\/", "/")  # as PHP writes JSON, of which this may be a piece
    data = text.encode("utf-8", "surrogatepass")
    found: list[FoundSecret] = []
    if may_hold_address_secret(data):
        found += find_address_secrets(text)
    if may_name_secret(data):
        found += find_settings(text)
    for one in found:
        yield MessageMember(path, one.name, one.text, (one.before, one.after))
    pair = read_basic(text)
    if pair and not is_placeholder(pair[1]):
        user, password = pair
        yield MessageMember(path, "password", password, (f"{user}:", ""))


_SIGN: Final = re.compile(r"[=:：＝为是@/;,|\s]")
"""One of these is in each address, setting and table."""

_BASE64: Final = re.compile("(?:eyJ|eyA|ewo|ew0|W3s|W1s|PD9|PHh)[A-Za-z0-9+/_-]{13,}={0,2}")
"""JSON or XML in base64; other texts begin otherwise, and any word may be base64."""

_IS_NO_FORM: Final = re.compile(rf"{_BASE64.pattern}$|[^=?#]*[/?#]")
"""Base64, and an address with a query: what stands before its first ``=`` is no name."""

_FIND_INNER: Final = BytesAhoCorasick([
    b"eyJ", b"eyA", b"ewo", b"ew0", b"W3s", b"W1s", b"PD9", b"PHh", b"Basic ", b"basic ",
])  # fmt: skip


def _decode_base64(text: str) -> str:
    """Return the JSON or XML that *text* is in base64; "" for other texts."""
    if not _BASE64.fullmatch(text):
        return ""
    bare = text.rstrip("=")
    try:
        return b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_").decode()
    except ValueError:
        return ""


def _parse_addresses(text: str) -> Iterator[Iterable[tuple[str, str]]]:
    """Yield the pairs in query and fragment of each address in *text*."""
    for run in _RUN.findall(text):
        pieces = _QUERY.split(run)
        path = next((at for at, piece in enumerate(pieces) if "/" in piece), len(pieces))
        if path < len(pieces) - 1:
            yield _parse_query_of_text("&".join(pieces[path + 1 :]))


def _find_pairs_of_addresses(text: str) -> Iterator[tuple[str, str]]:
    for pairs in _parse_addresses(text) if "=" in text else ():
        yield from pairs


def _parse_query_of_text(query: str) -> Iterable[tuple[str, str]]:
    """Return the pairs of an address that somebody wrote: a plus may be a space or a plus."""
    return dict.fromkeys((*parse_query(query), *parse_query(query.replace("+", "%2B"))))


def list_texts_around(member: MessageMember, *, is_multipart: bool) -> Iterator[tuple[str, str]]:
    """Yield the texts that may stand before and behind the value of *member*, in each format."""
    name = member.name
    if member.around is not None:
        yield member.around  # and beside its name, where a later request may send it
    if is_multipart:
        yield f'name="{name}"\r\n\r\n', "\r\n"  # RFC 7578, 4.2
    is_header = is_whole_header(member)
    for spelling in (name, name.title()) if is_header else (name,):
        if is_header:
            yield f"{spelling}: ", ""
        yield from make_texts_around_value(spelling)


def is_whole_header(member: MessageMember) -> bool:
    """Return whether a member is a whole header, and not part of an address in one."""
    path, name, *_ = member
    return path[:2] == ("header", name)


@lru_cache(maxsize=256)
def _is_any_secret_name(names: tuple[str, ...]) -> bool:
    return any(may_name_secret(name.encode()) and is_secret_name(name) for name in names)


def may_hold_secret_members(
    headers: Pairs,
    body: bytes | None,
    query: str,
    hidden: frozenset[str] = ALWAYS_HIDDEN,
    *,
    path: str = "",
) -> bool:
    """Return False if a message surely has no secret that a name or an address tells; fast.

    *path* and *query* are those of a request. The headers *hidden* do not count.
    """
    if body and any(test(body) for test in _QUICK_TESTS):
        return True
    if query and may_name_secret(query.encode("utf-8", "surrogatepass")):
        return True
    shown = [(name, value) for name, value in headers if name.lower() not in hidden]
    addresses = "\n".join([f"{path}?{query}", *[value for _, value in shown]])
    if may_hold_address_secret(addresses.encode("utf-8", "surrogatepass")):
        return True
    return _is_any_secret_name(tuple([name for name, _ in shown])) or any(
        may_name_secret(value.encode("utf-8", "surrogatepass"))
        for _, value in shown
        if value[:1] in {"{", "["}
        or ("=" in value and (_QUERY.search(value) or _FORM.fullmatch(value)))
    )


_QUICK_TESTS: Final = (
    may_name_secret,
    may_hold_address_secret,
    lambda data: bool(_FIND_INNER.find_matches_as_indexes(data)),
)
