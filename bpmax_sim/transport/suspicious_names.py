"""Find undeclared secrets in requests and responses by their names.

The names are those of `secret.secret_names`. A value that is found gets a stand-in. If it is
distinctive, it is hidden wherever it occurs again, so that a later request with it is recognised; a
word or a number is hidden only at its own place. Values of requests are numbered apart from those
of responses: in replay, response values are stand-ins already and would change the numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from html import unescape
from typing import Any, Final

from msgspec.structs import replace

from bpmax_sim.cassette.matching import parse_query, rebuild_call_without_injected
from bpmax_sim.cassette.model import decode_json, read_body
from bpmax_sim.field_path import FieldPath, Steps, Wildcard, format_path, without_paths
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Call, Headers, Pairs, Request, Response
from bpmax_sim.secret.credential_headers import (
    hide_credential,
    register_basic_password,
    register_parts_of_credential,
)
from bpmax_sim.secret.http_auth import SECRET_HEADERS, SET_BY_SERVER, read_basic, replace_credential
from bpmax_sim.secret.secret_names import (
    SHORTEST,
    VERSION,
    is_redactable_everywhere,
    is_secret_name,
    is_secret_value,
    make_texts_around_value,
    may_name_secret,
    restore_plus_signs,
    split_scheme_by_name,
)
from bpmax_sim.secret.source import looks_random
from bpmax_sim.secret.vault import Vault
from bpmax_sim.text_codec import decode_text
from bpmax_sim.transport.loose_members import (
    find_assigned_secrets,
    find_named_value,
    find_secrets_in_scripts,
    group_texts,
    restore_repeated_members,
    unwrap_jsonp,
)
from bpmax_sim.transport.redaction import (
    decode_compressed_body,
    decode_url_component,
    find_script_credentials,
    get_tenant,
    make_api_place_prefix,
)

_ALWAYS: Final = SECRET_HEADERS | SET_BY_SERVER
"""Hidden by their place already."""

_MOST: Final = 1_000_000  # bytes of a body that is looked into; a larger one is a file
_DEEPEST: Final = 3  # JSON in a text of JSON
_LENIENT: Final = 2  # version of the rules since which what parsers lose is read, too

_ELEMENT: Final = re.compile(
    r"<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[(.*?)\]\]>|([^<]+))\s*</", re.DOTALL
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
_ADDRESS: Final = re.compile(r"""(?:https?:/)?/[^\s"'<>?#]*[?#][^\s"'<>]*""")
_QUERY: Final = re.compile("[?#]")
_FORM: Final = re.compile(r"[^\s=&<>{}]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")

Member = tuple[Steps, str, str]
"""Where it stands, what it is called, and its text."""


def parse_message_parts(
    headers: Pairs,
    body: bytes | None,
    query: Pairs,
    charset: str = "",
    version: int = VERSION,
) -> dict[str, Any]:
    """Return query, headers and body of a message as plain values, to search names in them.

    The body may have any known format. Markup becomes a dict from names to the texts of elements
    and attributes of that name. *charset* is the declared encoding of the body. *version* is that
    of the secret-name rules: version 1 reads fewer spellings.
    """
    return {
        "query": _group_query(query, version),
        "header": _group_by_name([(name.lower(), value) for name, value in headers]),
        "body": _parse_body(body, Headers(headers).content_type, charset, version)
        if body and len(body) <= _MOST
        else None,
    }


def find_secret_members(
    parts: dict[str, Any],
    not_secret: Iterable[Steps] = (),
    version: int = VERSION,
    hidden: frozenset[str] = _ALWAYS,
) -> Iterator[Member]:
    """Yield (path, name, text) of members whose name says that they are secret, as ``password``.

    *parts* is the message as plain values under ``query``, ``header`` and ``body``; places in
    *not_secret* and the headers *hidden* are left out. *version* is that of the secret-name rules.
    """
    paths = list(not_secret)
    for path, name, text in _iterate_member_texts(
        without_paths(parts, paths) if paths else parts, (), "", version=version
    ):
        if path[0] == "header" and name in hidden:
            continue
        if is_secret_name(name, version) and is_secret_value(name, text, version):
            yield path, name, text


def find_tokens_in_login_body(
    parts: dict[str, Any], not_secret: Iterable[Steps] = ()
) -> Iterator[Member]:
    """Yield (path, name, text) of members of a login's body that are tokens by form or name.

    *parts* is the message as plain values under ``query``, ``header`` and ``body``; places in
    *not_secret* are left out.
    """
    body = {"body": parts["body"]}
    paths = list(not_secret)
    top = parts["body"] if isinstance(parts["body"], dict) else {}
    is_envelope = not _OF_ENVELOPES.isdisjoint([str(name).lower() for name in top])
    for path, name, text in _iterate_member_texts(
        without_paths(body, paths) if paths else body, (), ""
    ):
        is_named = is_secret_name(name) or name.lower() in _OF_LOGINS
        # Beside a message or data it is the code of a success, which all responses have.
        is_status = is_envelope and path[1:] == (name,) and name.lower() == "code"
        is_named = is_named and not is_status
        is_token = looks_random(text) and not (" " in text or "://" in text)
        if len(text) >= SHORTEST and "redacted." not in text and (is_named or is_token):
            yield path, name, text


_OF_ENVELOPES: Final = frozenset({"msg", "message", "errmsg", "data"})
_OF_LOGINS: Final = frozenset({"session", "sid", "ticket", "code", "jsapi_ticket", "sessiontoken"})


def _group_by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        # A name of a query or form that is not in UTF-8 is escaped still.
        shown = decode_url_component(name)[0] if "%" in name else name
        grouped.setdefault(shown, []).append(value)
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in grouped.items()}


def _group_query(pairs: Iterable[tuple[str, str]], version: int) -> dict[str, Any]:
    """Return the decoded *pairs* of a query by name, secrets with their plus signs."""
    return _restore_plus_signs(_group_by_name(pairs), version)


def _restore_plus_signs(members: dict[str, Any], version: int) -> dict[str, Any]:
    """Return the *members* of a query or form with the plus signs of secrets, read as spaces."""
    if version < _LENIENT:
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
        is_lenient = version >= _LENIENT
        return restore_repeated_members(read.value, body.decode()) if is_lenient else read.value
    return _parse_untyped_body(decode_text(body, content_type, charset).text, version)


def _parse_untyped_body(text: str, version: int) -> Any:
    """Return a body without media type as markup, form, JSON, lines of JSON or plain text."""
    start = text.lstrip()[:1]
    if start == "<":
        return _parse_markup(text, version)
    if _FORM.fullmatch(text):
        return _group_query(parse_query(text), version)
    if start in {"{", "["} and (whole := _parse_json_or_none(text, version)) is not None:
        return whole
    if version < _LENIENT:
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
    if not assigned:
        return [*lines.values()] or text
    members = group_texts([*assigned, *_find_pairs_of_addresses(rest)])
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
    return restore_repeated_members(value, text) if version >= _LENIENT else value


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
    if version >= _LENIENT:
        pairs += find_secrets_in_scripts(text)
    return _group_by_name(pairs)


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
) -> Iterator[Member]:
    """Yield each text in *value*, with its path and the name of the member that holds it."""
    if isinstance(value, dict):
        key_of_value, own_name = (find_named_value(value) if version >= _LENIENT else None) or (
            "",
            "",
        )
        for key, inner in value.items():
            called = own_name if own_name and key == key_of_value else str(key)
            yield from _iterate_member_texts(inner, (*path, str(key)), called, depth, version)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _iterate_member_texts(inner, (*path, Wildcard.ALL), name, depth, version)
    elif isinstance(value, str):
        yield path, name, value
        if depth < _DEEPEST and len(value) > SHORTEST:
            yield from _find_inner_members(value, path, depth, version)


def _find_inner_members(text: str, path: Steps, depth: int, version: int) -> Iterator[Member]:
    """Yield the members inside a text that is JSON, a form or addresses, at its *path*."""
    inner: Any = None
    if text[0] in "{[":
        inner = _parse_json_or_none(text, version)
    elif version >= _LENIENT and "=" in text and _FORM.fullmatch(text) and not _QUERY.search(text):
        inner = _group_by_name(_parse_query_of_text(text))
    elif "=" in text:
        inner = [_group_by_name(pairs) for pairs in _parse_addresses(text)]
    if inner:
        for _, name, found in _iterate_member_texts(inner, (), "", depth + 1, version):
            yield path, name, found


def _parse_addresses(text: str) -> Iterator[Iterable[tuple[str, str]]]:
    """Yield the pairs in query and fragment of each address in *text*."""
    for found in _ADDRESS.findall(text):
        yield _parse_query_of_text("&".join(_QUERY.split(found)[1:]))


def _find_pairs_of_addresses(text: str) -> Iterator[tuple[str, str]]:
    for pairs in _parse_addresses(text) if "=" in text else ():
        yield from pairs


def _parse_query_of_text(query: str) -> Iterable[tuple[str, str]]:
    """Return the pairs of an address that somebody wrote: a plus may be a space or a plus."""
    return dict.fromkeys((*parse_query(query), *parse_query(query.replace("+", "%2B"))))


def _is_header(member: Member) -> bool:
    """Return whether a member is a whole header, and not part of an address in one."""
    path, name, _ = member
    return path[:2] == ("header", name)


@lru_cache(maxsize=256)
def _is_any_secret_name(names: tuple[str, ...]) -> bool:
    return any(may_name_secret(name.encode()) and is_secret_name(name) for name in names)


def may_hold_secret_members(
    headers: Pairs, body: bytes | None, query: str, hidden: frozenset[str] = _ALWAYS
) -> bool:
    """Return False if a message surely has no member with the name of a secret; a fast check.

    The headers *hidden* do not count.
    """
    if body and may_name_secret(body):
        return True
    if query and may_name_secret(query.encode("utf-8", "surrogatepass")):
        return True
    shown = [(name, value) for name, value in headers if name.lower() not in hidden]
    return _is_any_secret_name(tuple([name for name, _ in shown])) or any(
        may_name_secret(value.encode("utf-8", "surrogatepass"))
        for _, value in shown
        if value[:1] in {"{", "["}
        or ("=" in value and (_QUERY.search(value) or _FORM.fullmatch(value)))
    )


@dataclass(slots=True)
class SecretByNameRegistrar:
    """Registers values as secrets that nobody has declared but whose name says so, as ``password``.

    Attributes:
        vault: the session's known secrets.
        not_secret_places: function that returns the places of an exchange that are declared not
            to be secret.
        clear_texts: function that returns values that are declared not to be secret, at any place.
        version: version of the list of names; 0 for a recording made before there was one.
        hidden: places where a value was hidden, each once.
    """

    vault: Vault
    not_secret_places: Callable[[Request], tuple[str, ...]]
    clear_texts: Callable[[Request, Response | None], frozenset[str]]
    version: int = VERSION
    hidden: dict[str, None] = field(default_factory=dict)

    def register_request(self, request: Request) -> None:
        """Register values of *request*, except those of auth and of logins, which are declared."""
        shown = request.recorded_form
        if shown.is_login:
            return
        if self.version:
            self._register_members_of_request(request, shown)
        self._register_credentials(request)

    def _register_credentials(self, request: Request) -> None:
        """Register what the script or client sends as Authorization or Cookie.

        Before the response is redacted, which may repeat it.
        """
        if SECRET_HEADERS.isdisjoint([name.lower() for name, _ in request.headers]):
            return
        call, tenant, vault = request.call, get_tenant(request), self.vault
        for name, value in find_script_credentials(request):
            if self.version >= _LENIENT:
                hide_credential(name, value, tenant, vault)
                continue
            # As these recordings have it: whatever it is, it is hidden everywhere.
            issued = partial(
                vault.register_issued,
                *((call.platform, call.instance) if call else tenant),
                f"script-{name.lower()}",
            )
            replace_credential(value, issued)
        for name, value in request.headers if self.version >= _LENIENT else ():
            if name.lower() in SECRET_HEADERS:
                register_parts_of_credential(name, value, tenant, vault)

    def _register_members_of_request(self, request: Request, shown: Request) -> None:
        if self.version >= _LENIENT:
            shown = replace(shown, body=decode_compressed_body(shown.body, shown.headers))
        if not may_hold_secret_members(shown.headers, shown.body, shown.url.partition("?")[2]):
            return
        bare = rebuild_call_without_injected(shown)
        parts = parse_message_parts(
            bare.headers, bare.body, bare.query, request.charset, self.version
        )
        clear = self.clear_texts(request, None)
        words: dict[tuple[str, str], tuple[str, str]] = {}
        opened = self._list_not_secret_paths(request)
        for member in find_secret_members(parts, opened, self.version):
            if member[2] not in clear:
                words |= self._register_member(request, member, "sent-")
        self._register_places_of_words(bare, words, request.charset)

    def register_response(self, request: Request, response: Response) -> None:
        """Register as secrets the values of *response* that have the name of one.

        Of a login's response, also all values that have the form of a token.
        """
        if not self.version:
            return
        is_login = request.is_login
        # A login may issue its token in a header Authorization.
        hidden = SET_BY_SERVER if self.version >= _LENIENT else _ALWAYS
        if not is_login and not may_hold_secret_members(
            response.headers, response.body, "", hidden
        ):
            return
        parts = parse_message_parts(
            response.headers, response.body, (), request.charset, self.version
        )
        opened, clear = self._list_not_secret_paths(request), self.clear_texts(request, response)
        words: dict[tuple[str, str], tuple[str, str]] = {}
        for member in find_secret_members(parts, opened, self.version, hidden):
            # The signature of a response shows that it is genuine; nobody can do anything else with
            # it.
            is_signature = _is_header(member) and member[1].endswith(("sign", "signature"))
            if member[2] not in clear and not is_signature:
                words |= self._register_member(request, member, "")
        for member in find_tokens_in_login_body(parts, opened) if is_login else ():
            if member[2] not in clear:
                words |= self._register_member(request, member, "")
        self._register_places_of_words(response, words, request.charset)

    def describe_hidden_places(self) -> Iterator[str]:
        """Yield a message for each place that was hidden, with what to do if it is no secret."""
        for place in self.hidden:
            yield msg(
                "{place}: hidden by its name, with a stand-in; if it is no secret, answer with "
                "`bpmax-sim review --not-secret {quoted}` and record again",
                place=place,
                quoted=shell_quote(place),
            )

    def _list_not_secret_paths(self, request: Request) -> list[Steps]:
        return [FieldPath.parse(place, "not_secret") for place in self.not_secret_places(request)]

    def _register_member(
        self, request: Request, member: Member, label_prefix: str
    ) -> Mapping[tuple[str, str], tuple[str, str]]:
        """Register the value of *member*, and return it if it is a word that others may have, too.

        It is returned under its name and value, with its stand-in and label.
        """
        path, name, text = member
        if self.vault.redact_text(text) != text:
            return {}  # it is known, with the place that declares it
        platform, instance = get_tenant(request)
        scheme, whole = "", text
        if self.version >= _LENIENT:
            scheme, text = split_scheme_by_name(name, text)
            if pair := read_basic(whole):
                register_basic_password(*pair, (platform, instance), self.vault)
        is_jwt = text.startswith("eyJ") and text.count(".") == 2  # noqa: PLR2004 - RFC 7519
        kind = "jwt" if is_jwt else "text"
        label = f"{platform}.{instance}.{name}"
        standin = self.vault.make_unregistered_standin(
            platform, instance, f"{label_prefix}{name}", text, kind
        )
        if standin == text:
            return {}
        self.hidden[f"{make_api_place_prefix(request)}{format_path(path)}"] = None
        is_header = _is_header(member)
        if (is_header and self.version == 1) or is_redactable_everywhere(text):
            self._hide_everywhere(text, standin, label)
            return {}
        is_multipart = Headers(request.headers).media_type.startswith("multipart/")
        parts = [(f'name="{name}"\r\n\r\n', "\r\n")] if is_multipart else []  # RFC 7578, 4.2
        # A word or a number is no secret elsewhere, so it is hidden only with its name beside it.
        for spelling in (name, name.title()) if is_header else (name,):
            parts += [(f"{spelling}: ", "")] if is_header else []
            parts += make_texts_around_value(spelling)
        for before, after in parts:
            self.vault.register_derived(
                f"{before}{scheme}{text}{after}", f"{before}{scheme}{standin}{after}", name=label
            )
        return {} if scheme else {(name, text): (standin, label)}

    def _hide_everywhere(self, text: str, standin: str, label: str) -> None:
        self.vault.add(text, standin, name=label)
        if "+" in text and self.version >= _LENIENT:  # as whoever decodes a form reads it
            self.vault.register_derived(text.replace("+", " "), standin, name=label)

    def _register_places_of_words(
        self,
        message: Call | Response,
        words: Mapping[tuple[str, str], tuple[str, str]],
        charset: str,
    ) -> None:
        if not words or not message.body or len(message.body) > _MOST:
            return
        text = decode_text(message.body, Headers(message.headers).content_type, charset).text
        for name, word, before, after in find_texts_around_words(text, words):
            standin, label = words[name, word]
            self.vault.register_derived(
                f"{before}{word}{after}", f"{before}{standin}{after}", name=label
            )
