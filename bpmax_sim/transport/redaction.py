"""Exchanges in the form that may be written down and compared.

Credentials are recognised by their origin (`Request.standin`, the vault); cookies and a script's
own credentials by their place. Personal data (``body.phone``) is declared and becomes pseudonyms.
All other bytes stay as they are; redacting twice changes nothing.

`find_undeclared_secrets` lists what looks like a secret all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus, unquote_to_bytes

from msgspec.structs import replace

from bpmax_sim import messages
from bpmax_sim.cassette.alignment import PASSING
from bpmax_sim.cassette.matching import (
    group_injected_names,
    group_injected_paths,
    rebuild_call_without_injected,
)
from bpmax_sim.cassette.model import read_message_parts
from bpmax_sim.content_coding import (
    ContentCodingError,
    decode_whole_body,
    encode_uncompressed,
    list_codings,
)
from bpmax_sim.field_path import (
    ROOTS,
    FieldPath,
    Steps,
    Wildcard,
    find_values_at,
    format_path,
    without_paths,
)
from bpmax_sim.js_values import loads_as_javascript
from bpmax_sim.messages import Call, Chunk, Exchange, Headers, Pairs, Request, Response
from bpmax_sim.multipart import (
    MULTIPART,
    find_delimiter,
    guess_delimiter,
    join_sections,
    parse_part_head,
    split_sections,
)
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.secret.credential_headers import Tenant, hide_cookie, hide_credential
from bpmax_sim.secret.http_auth import SECRET_HEADERS
from bpmax_sim.secret.pseudonym import make_pseudonym
from bpmax_sim.secret.secret_addresses import mask_address_secrets
from bpmax_sim.secret.secret_names import is_secret_name
from bpmax_sim.secret.source import has_run_of_letters_and_digits, looks_random
from bpmax_sim.secret.spelling import make_spelling_pattern, spell_like
from bpmax_sim.secret.standin import STANDIN_PREFIX
from bpmax_sim.secret.vault import Vault
from bpmax_sim.text_codec import DecodedText, decode_text, list_probable_codecs


def pseudonymise_pairs(pairs: Pairs, places: Iterable[str], root: str) -> Pairs:
    """Return header or query *pairs* with pseudonyms for personal data, at the *places* given.

    *root* is ``header`` or ``query``: other places are not of these pairs.
    """
    names = _find_names(places, root)
    return _pseudonymise_named(pairs, names) if names else pairs


def _pseudonymise_named(pairs: Pairs, names: _Names) -> Pairs:
    return tuple((name, make_pseudonym(v) if names.include(name) else v) for name, v in pairs)


def pseudonymise_url(url: str, places: Iterable[str]) -> str:
    """Return *url* with pseudonyms for the query values at the personal *places*."""
    names = _find_names(places, "query")
    address, mark, query = url.partition("?")
    if not names or not mark:
        return url
    return (
        f"{address}?{'&'.join(_pseudonymise_parameter(part, names) for part in query.split('&'))}"
    )


def pseudonymise_path(path: str, template: str, places: Iterable[str]) -> str:
    """Return *path* with pseudonyms for the values of *template* at the personal *places*.

    *template* is the declared path, such as ``/users/{phone}``; "" if it is not known.
    """
    names = _find_names(places, "path")
    if not names or not template:
        return path
    return compile_path_template(template).replace_values(
        path, lambda name, value: _pseudonymise_segment(value) if names.include(name) else value
    )


def pseudonymise_body(
    body: bytes, content_type: str, places: Iterable[str], charset: str = ""
) -> bytes:
    """Return a JSON, form or multipart *body* with pseudonyms at the personal *places*.

    *charset* is its encoding in the platform file, if that is declared.
    """
    parsed = [path for path in _parse_places(places) if path.root == "body"]
    if not parsed:
        return body
    media = messages.parse_media_type(content_type)
    if media == messages.FORM:
        codecs = [*list_probable_codecs(body, content_type, charset), "gb18030"]
        return _pseudonymise_form(body, _collect_names(parsed), codecs)
    if media == MULTIPART:
        parts = [path for path in parsed if path[2:] in {(), ("content",)}]
        return _pseudonymise_multipart(body, content_type, charset, _collect_names(parts))
    decoded = decode_text(body, content_type, charset)
    # What cannot be decoded keeps its bytes, which are no UTF-8: surrogates stand for them.
    codec = decoded.codec if decoded.wrong_at < 0 else "utf-8"
    text = decoded.text if codec != "utf-8" else body.decode(errors="surrogateescape")
    try:
        value = loads_as_javascript(text.removeprefix("\ufeff"))
        leaves = [leaf for path in parsed for leaf in _find_personal_texts(value, path)]
    except ValueError:
        return body
    except RecursionError:  # nobody can read it, and it is recorded all the same
        leaves = [*_find_texts_by_member_name(text, _list_last_names(parsed))]
    # Replaced in the text, and not written anew from the value: spaces, order and the spelling of
    # numbers stay as the server sent them. A number is no text, so declare such a field as text.
    shown = text
    for leaf in dict.fromkeys(leaves):
        shown = _pseudonymise_json_text(shown, leaf)
    if shown == text:
        return body
    return shown.encode(codec, "surrogateescape" if codec == "utf-8" else "replace")


def _find_personal_texts(value: Any, path: FieldPath) -> Iterator[str]:
    """Yield the texts of the JSON *value* at *path*, all of them where that is the whole body."""
    if not path.steps_below_root:
        yield from (text for _, text in _iterate_texts(value, ()))
    for leaf in find_values_at(value, path.steps_below_root):
        if isinstance(leaf, str):
            yield leaf


def _list_last_names(paths: Iterable[FieldPath]) -> _Names:
    """Return the names with which *paths* end; every name if one ends with an index or is whole."""
    names = [path.steps_below_root[-1:] for path in paths]
    texts = [name[0].lower() for name in names if name and isinstance(name[0], str)]
    return _Names(frozenset(texts), every=len(texts) < len(names))


def _find_texts_by_member_name(text: str, names: _Names) -> Iterator[str]:
    """Yield the texts of the JSON *text* that follow a member with one of *names*, however deep.

    So more may be found than at a place, but nothing less; JSON that is nested too deeply to be
    parsed is searched like this.
    """
    name = ""
    for match in _STRING.finditer(text):
        with suppress(ValueError):
            found = json.loads(match[1], strict=False)
            if match[2]:
                name = found
            elif names.include(name):
                yield found


_STRING = re.compile(r'("(?:[^"\\]|\\.)*+")(\s*+:)?', re.DOTALL)


def _pseudonymise_json_text(text: str, value: str) -> str:
    r"""Return the JSON *text* with a pseudonym for each text *value* in it, however it is escaped.

    Java writes ``\u5F20`` where others write ``\u5f20`` or the letter itself, PHP ``\/`` for ``/``.
    """
    pseudonym = make_pseudonym(value)
    if pseudonym == value:
        return text
    if "\\" not in text:
        old, new = (json.dumps(one, ensure_ascii=False) for one in (value, pseudonym))
        return text.replace(old, new)

    def replace_if_equal(match: re.Match[str]) -> str:
        try:  # the pattern also fits what URLs and XML make of it
            found = json.loads(match[0], strict=False)
        except ValueError:
            return match[0]
        return f'"{spell_like(match[0][1:-1], value, pseudonym)}"' if found == value else match[0]

    return re.sub(f'"{make_spelling_pattern(value)}"', replace_if_equal, text)


@dataclass(frozen=True, slots=True)
class _Names:
    """Which of the names that stand beside each other are of personal data.

    Attributes:
        some: these, in lower case: most servers that know ``phone`` also accept ``Phone``.
        every: whatever they are.
    """

    some: frozenset[str]
    every: bool

    def __bool__(self) -> bool:
        return self.every or bool(self.some)

    def include(self, name: str) -> bool:
        return self.every or name.lower() in self.some


def _find_names(places: Iterable[str], root: str) -> _Names:
    """Return the names that *places* have directly below *root*, such as ``query``."""
    return _collect_names([path for path in _parse_places(places) if path.root == root])


def _collect_names(paths: Iterable[FieldPath]) -> _Names:
    """Return the names directly below the root of *paths*; every name if one is of the whole.

    Not of all headers, some of which say how a message is to be read.
    """
    some, every = set[str](), False
    for path in paths:
        if path.steps_below_root[:1] in {(), (Wildcard.ALL,)}:
            every = every or path.root != "header"
        else:
            some.add(path.top_name.lower())
    return _Names(frozenset(some), every)


def _parse_places(places: Iterable[str]) -> list[FieldPath]:
    return [FieldPath.parse(place, "redact") for place in places]


def _pseudonymise_parameter(part: str, names: _Names) -> str:
    name, equals, value = part.partition("=")
    (plain_name, _), (text, codec) = map(decode_url_component, (name, value))
    if not names.include(plain_name):
        return part
    shown = make_pseudonym(text).encode(codec, "replace")
    return f"{name}{equals}{quote(shown, safe='-._~')}"


def _pseudonymise_segment(value: str) -> str:
    """Return the pseudonym of a decoded *value* of a path; surrogates in it stand for bytes."""
    text, codec = _decode_by_first(value.encode(errors="surrogateescape"), _URL_CODECS)
    return make_pseudonym(text).encode(codec, "replace").decode(errors="surrogateescape")


_URL_CODECS = ("utf-8", "gb18030")
"""Of which the escapes in an address may be, which names none."""


def _pseudonymise_form(body: bytes, names: _Names, codecs: Sequence[str]) -> bytes:
    """Return a form *body*, in one of *codecs*, with pseudonyms for the values of *names*.

    All other fields keep their bytes.
    """
    return b"&".join([_pseudonymise_field(field, names, codecs) for field in body.split(b"&")])


def _pseudonymise_field(field: bytes, names: _Names, codecs: Sequence[str]) -> bytes:
    name, equals, value = field.partition(b"=")
    if not names.include(_decode_form_component(name, codecs)[0]):
        return field
    text, codec = _decode_form_component(value, codecs)
    pseudonym = make_pseudonym(text)
    if pseudonym == text:
        return field
    shown = pseudonym.encode(codec, "replace")
    # Unescaped where the value was: none of the signs of a form is in its pseudonym then.
    shown = quote_plus(shown).encode() if b"%" in value else shown.replace(b" ", b"+")
    return name + equals + shown


def decode_url_component(component: str) -> tuple[str, str]:
    """Return the text of a name or value of a query, and the codec that decodes its escapes.

    That is UTF-8 or GB 18030; Latin-1 if neither decodes them.
    """
    for codec in _URL_CODECS:
        with suppress(UnicodeDecodeError):
            return unquote_plus(component, codec, "strict"), codec
    return unquote_plus(component, "latin-1"), "latin-1"


def _decode_form_component(component: bytes, codecs: Sequence[str]) -> tuple[str, str]:
    """Return the text of a name or value of a form, and the first of *codecs* that decodes it."""
    return _decode_by_first(unquote_to_bytes(component.replace(b"+", b" ")), codecs)


def _decode_by_first(data: bytes, codecs: Sequence[str]) -> tuple[str, str]:
    """Return the text of *data*, and the first of *codecs* that decodes it.

    If none does, it is Latin-1, which any bytes are: personal data must not stay for its encoding.
    """
    for codec in codecs:
        with suppress(UnicodeDecodeError):
            return data.decode(codec), codec
    return data.decode("latin-1"), "latin-1"


def _pseudonymise_multipart(body: bytes, content_type: str, charset: str, names: _Names) -> bytes:
    """Return a multipart *body* with pseudonyms for the texts of its parts *names*.

    *charset* is their encoding in the platform file, if that is declared.
    """
    # Personal data is hidden as well in a body whose type lacks what a server would ask for.
    delimiter = find_delimiter(content_type) or guess_delimiter(body)
    if not delimiter:
        return body
    sections = split_sections(body, delimiter)
    return join_sections([_pseudonymise_part(part, charset, names) for part in sections], delimiter)


def _pseudonymise_part(part: bytes, charset: str, names: _Names) -> bytes:
    start, separator, content = part.partition(b"\r\n\r\n")
    head = parse_part_head(start.decode(errors="replace"))
    if not separator or not names.include(head.name):
        return part
    decoded = decode_text(content, head.headers.get("content-type", ""), charset)
    pseudonym = make_pseudonym(decoded.text)
    if decoded.wrong_at >= 0 or pseudonym == decoded.text:  # or it is a file that is no text
        return part
    return start + separator + pseudonym.encode(decoded.codec, "replace")


_MOST_EXACT = 256
"""Pieces of a streamed body that are each redacted to find where they end."""


def redact_request_and_response(
    request: Request, response: Response, vault: Vault
) -> tuple[Request, Response]:
    """Return *request* and *response* in the form in which they are recorded, without secrets.

    Usually they have stand-ins already; then one search through all texts shows that nothing has to
    be hidden, and both are returned as they are.
    """
    shown = request.recorded_form
    call = shown.call
    headers = (*shown.headers, *call.headers) if call else shown.headers
    own = _find_script_credential_headers(shown.injected, shown.is_login)
    # hidden whatever it says: personal data, a script's own secret
    is_hidden_by_place = (
        shown.personal
        or not own.isdisjoint([name.lower() for name, _ in headers])
        or "set-cookie" in Headers(response.headers)
    )
    if shown.standin is None and not is_hidden_by_place and not list_codings(shown.headers):
        texts = {shown.url, *[_make_search_text(*pair) for pair in (*headers, *response.headers)]}
        bodies = {
            *_list_readings(shown.body or b"", shown.headers, shown.charset),
            *_list_readings(response.body, response.headers, shown.charset),
        }
        if call:
            texts.update([value for _, value in call.query])
            bodies.add(call.body or b"")
            if shown.url.partition("?")[0] != shown.base + call.path:
                texts.add(call.path)
        if vault.certainly_leaves_unchanged(texts, *bodies):
            return shown, response
    # The response first: the cookies that it sets become secrets by that, and a request that
    # already carries one of them has it hidden, too.
    outcome = redact_response(response, request, vault)
    return redact_request(request, vault), outcome


def redact_request(request: Request, vault: Vault) -> Request:
    """Return the recorded form of *request*, its call included."""
    shown = request.recorded_form
    call, personal = shown.call, shown.personal
    if vault.is_empty and not personal:  # mostly there is nothing to hide, as in most of replay
        secrets = SECRET_HEADERS.intersection([name.lower() for name, _ in shown.headers])
        if not secrets or secrets.issubset(group_injected_names(shown.injected).get("header", ())):
            return shown
    return replace(
        shown,
        url=_redact_url(shown, vault),
        headers=pseudonymise_pairs(
            _redact_headers(shown.headers, shown, vault), personal, "header"
        ),
        body=_redact_request_body(shown.body, shown.headers, shown, vault),
        call=_redact_call(call, shown, vault) if call else None,
        standin=None,
    )


def _redact_url(recorded: Request, vault: Vault) -> str:
    base, personal = vault.redact_text(recorded.base), recorded.personal
    address, mark, query = vault.redact_text(recorded.url).partition("?")
    if base and address.startswith(base):
        path = address.removeprefix(base)
        address = base + pseudonymise_path(path, recorded.path_template, personal)
    return pseudonymise_url(f"{address}{mark}{query}", personal)


def _redact_call(call: Call, recorded: Request, vault: Vault) -> Call:
    personal = recorded.personal
    query = tuple(_redact_query_parameter(name, value, vault) for name, value in call.query)
    return replace(
        call,
        path=pseudonymise_path(vault.redact_text(call.path), recorded.path_template, personal),
        query=pseudonymise_pairs(query, personal, "query"),
        headers=pseudonymise_pairs(
            _redact_headers(call.headers, recorded, vault), personal, "header"
        ),
        body=_redact_request_body(call.body, call.headers, recorded, vault),
    )


def _redact_query_parameter(name: str, value: str, vault: Vault) -> tuple[str, str]:
    """Return name and value of a query parameter, redacted.

    A short value may be secret only together with its name.
    """
    shown = vault.redact_text(value)
    if shown == value:
        shown = vault.redact_text(f"{name}={value}").partition("=")[2] if "=" not in name else value
    return name, shown


def _redact_request_body(
    body: bytes | None, headers: Pairs, request: Request, vault: Vault
) -> bytes | None:
    """Return *body* of *request*, or of its call with other *headers*, redacted.

    If it is compressed, as ``Content-Encoding`` says, it keeps the format, but is stored without
    compression where anything is hidden in it, so that the same body always has the same bytes.
    """
    codings = list_codings(request.headers) if body else []
    plain = decode_compressed_body(body, request.headers) if codings else body
    if plain is body or not plain:
        return _redact_bytes(body, headers, request, vault)
    shown = _redact_bytes(plain, headers, request, vault)
    return body if shown == plain else encode_uncompressed(shown or b"", codings)


def decode_compressed_body(body: bytes | None, headers: Pairs) -> bytes | None:
    """Return a request's *body* without the ``Content-Encoding`` of its *headers*.

    *body* is returned as it is if it has none, or one that cannot be undone.
    """
    codings = list_codings(headers)
    if not body or not codings:
        return body
    try:
        return decode_whole_body(body, codings, _LARGEST_DECODED)
    except ContentCodingError:
        return body


_LARGEST_DECODED = 64 << 20


def _redact_bytes(
    body: bytes | None, headers: Pairs, request: Request, vault: Vault
) -> bytes | None:
    """Return *body*, which has *headers*, redacted; it is of *request* or of its response."""
    if not body:
        return body
    return redact_body(body, Headers(headers).content_type, request, vault)


def redact_body(body: bytes, content_type: str, request: Request, vault: Vault) -> bytes:
    """Return *body*, of *request* or of its response, redacted in its own encoding."""
    shown = _redact_in_other_codec(body, content_type, request.charset, vault)
    return pseudonymise_body(vault.redact(shown), content_type, request.personal, request.charset)


def _list_readings(body: bytes, headers: Pairs, charset: str) -> list[bytes]:
    """Return *body*, and also its text in UTF-8 if it is text in another encoding."""
    decoded = _decode_other_codec(body, Headers(headers).content_type, charset)
    return [body] if decoded is None else [body, decoded.text.encode("utf-8", "surrogatepass")]


def _decode_other_codec(body: bytes, content_type: str, charset: str) -> DecodedText | None:
    """Return the text of *body* if it is in another encoding than UTF-8, such as GBK."""
    if body.isascii() and b"\0" not in body:
        return None
    if list_probable_codecs(body, content_type, charset) == ["utf-8"]:
        return None  # or a file, which takes long to be decoded
    decoded = decode_text(body, content_type, charset)
    return None if decoded.codec == "utf-8" or decoded.wrong_at >= 0 else decoded


def _redact_in_other_codec(body: bytes, content_type: str, charset: str, vault: Vault) -> bytes:
    """Return *body* without secrets if it is text in another encoding than UTF-8, such as GBK.

    Other bodies are returned as they are.
    """
    decoded = None if vault.is_empty else _decode_other_codec(body, content_type, charset)
    if decoded is None:
        return body
    text = body.decode(decoded.codec)
    shown = vault.redact_text(text)
    # A byte order mark, say, may be lost on the way; then all bytes have to stay.
    return body if shown == text else _encode_unless_changed(body, text, shown, decoded.codec)


def _encode_unless_changed(body: bytes, text: str, shown: str, codec: str) -> bytes:
    """Return *shown* in *codec*, or *body* if its own *text* is not encoded as it was."""
    try:
        return shown.encode(codec) if text.encode(codec) == body else body
    except UnicodeEncodeError:
        return body


def register_response_cookies(request: Request, response: Response, vault: Vault) -> None:
    """Register the cookies that *response* sets as secrets; cookies are always secret."""
    for line in Headers(response.headers).get_all("set-cookie"):
        _hide_set_cookie_value(line, request, vault)


def redact_response(response: Response, request: Request, vault: Vault) -> Response:
    """Return the response to *request* in the form in which it is recorded, without secrets."""
    headers = tuple(
        (
            name,
            _hide_set_cookie_value(value, request, vault)
            if name.lower() == "set-cookie"
            else value,
        )
        for name, value in response.headers
    )
    body = _redact_bytes(response.body, headers, request, vault) or b""
    return replace(
        response,
        headers=pseudonymise_pairs(
            tuple((name, _redact_header_value(name, value, vault)) for name, value in headers),
            request.personal,
            "header",
        ),
        body=body,
        chunks=_split_as_received(response, body, vault),
        redirects=tuple([(status, vault.redact_text(hop)) for status, hop in response.redirects]),
    )


def _split_as_received(response: Response, body: bytes, vault: Vault) -> tuple[Chunk, ...]:
    """Return *response*'s chunks with the lengths that they have in the redacted *body*.

    Of more than `_MOST_EXACT` chunks the ends are estimated in proportion.
    """
    chunks, rest = response.chunks, response.body
    if len(body) == len(rest) or not chunks:
        return chunks
    exact = len(chunks) <= _MOST_EXACT
    ends = [0]
    for end in accumulate(chunk.length for chunk in chunks):
        at = len(vault.redact(rest[:end])) if exact else end * len(body) // len(rest)
        ends.append(min(max(at, ends[-1]), len(body)))
    ends[-1] = len(body)
    return tuple(
        Chunk(chunk.at, b - a) for chunk, (a, b) in zip(chunks, pairwise(ends), strict=True)
    )


def redact_exchange_again(exchange: Exchange, vault: Vault) -> Exchange:
    """Return *exchange* redacted again with the secrets known now, and without matching key.

    If that changes a signed request, its signature is not compared any more.
    """
    request, outcome = redact_request(exchange.request, vault), exchange.outcome
    if request != exchange.request and request.signed is not None:
        request = replace(request, signed=None)
    if isinstance(outcome, Response):
        outcome = redact_response(outcome, request, vault)
    else:
        outcome = replace(outcome, received=vault.redact(outcome.received))
    return replace(exchange, request=request, outcome=outcome, key="")


def _redact_headers(headers: Pairs, recorded: Request, vault: Vault) -> Pairs:
    own = _find_script_credential_headers(recorded.injected, recorded.is_login)

    def redact(name: str, value: str) -> str:
        if name.lower() in own:
            return _hide_script_secret(name, value, recorded, vault)
        return _redact_header_value(name, value, vault)

    return tuple([(name, redact(name, value)) for name, value in headers])


def _redact_header_value(name: str, value: str, vault: Vault) -> str:
    """Return the *value* of a header redacted; a word may be secret only together with its name."""
    shown, line = vault.redact_text(value), _make_search_text(name, value)
    if shown == value and line != value:
        head, redacted = line.removesuffix(value), vault.redact_text(line)
        if redacted.startswith(head):
            return redacted.removeprefix(head)
    return shown


def _make_search_text(name: str, value: str) -> str:
    """Return the text of a header in which secrets are searched: its name may tell one."""
    return f"{name.lower()}: {value}" if is_secret_name(name) else value


@lru_cache(maxsize=256)  # the same in every call of an API
def _find_script_credential_headers(injected: tuple[str, ...], is_login: bool) -> frozenset[str]:
    """Return the names of credential headers that are a script's own if a request has them.

    They are ``authorization``, ``proxy-authorization`` and ``cookie`` except those in *injected*,
    the places that auth fills. Empty for a login, whose headers are all declared.
    """
    if is_login:
        return frozenset()
    return SECRET_HEADERS.difference(group_injected_names(injected).get("header", ()))


def _hide_script_secret(name: str, value: str, recorded: Request, vault: Vault) -> str:
    """Return the value of a header that a script set, with stand-ins for what is secret in it.

    *recorded* is the request that has it, in the form in which it is recorded. Of ``Cookie``, what
    auth put in is redacted as usual.
    """
    tenant = get_tenant(recorded)
    own, others = _split_off_injected_cookies(name, value, recorded)
    shown = [hide_credential(name, own, tenant, vault)] if own else []
    return "; ".join([*shown, *map(vault.redact_text, others)])


def _split_off_injected_cookies(name: str, value: str, recorded: Request) -> tuple[str, list[str]]:
    """Return what a script set of the header *name*, and the cookies in it that auth put in."""
    is_cookie = name.lower() == "cookie"
    injected = group_injected_names(recorded.injected).get("cookie", ()) if is_cookie else ()
    if not injected:
        return value, []
    sent = messages.parse_cookies(value)
    own = "; ".join(cookie.text for cookie in sent if cookie.name not in injected)
    return own, [cookie.text for cookie in sent if cookie.name in injected]


def find_script_credentials(request: Request) -> Iterator[tuple[str, str]]:
    """Yield name and value of each credential header that a script or client set, as it is sent."""
    recorded = request.recorded_form
    own = _find_script_credential_headers(recorded.injected, recorded.is_login)
    for name, value in request.headers:
        if name.lower() in own:
            credential, _ = _split_off_injected_cookies(name, value, recorded)
            if credential:
                yield name, credential


def _hide_set_cookie_value(line: str, request: Request, vault: Vault) -> str:
    cookie = messages.parse_set_cookie(line)
    if not cookie.value:
        return line
    shown = hide_cookie(cookie.name, cookie.value, get_tenant(request), vault)
    return f"{line.partition('=')[0]}={shown}{cookie.attributes}"


def get_tenant(request: Request) -> Tenant:
    """Return platform and instance of *request*, as stand-ins of its undeclared secrets name it."""
    call = request.call
    return (call and call.platform) or "http", (call and call.instance) or "any"


UndeclaredSecret = tuple[str, str]
"""Where it stands, such as ``crm.find.body.data.ticket``, and the value."""

_TAGS = re.compile(r"etag|.*(?:sha256|md5|digest|checksum|policy).*|server|user-agent|via")
_MOST = 200_000
"""Bytes of a body that are looked at; a larger one is a file."""


def find_undeclared_secrets(
    exchange: Exchange, volatile: Sequence[str] = (), not_secret: Sequence[str] = ()
) -> Iterator[UndeclaredSecret]:
    """Yield (place, value) of each value of a redacted exchange that looks like a secret.

    Left out are what auth put in, which is known, values at *volatile* or *not_secret* places, and
    stand-ins.
    """
    request, outcome = exchange.request, exchange.outcome
    name = make_api_place_prefix(request)
    allowed = [FieldPath.parse(place, "not_secret") for place in not_secret]
    url = unquote_plus(request.url) if "%" in request.url else request.url
    # mostly what is left of the request without auth holds none, unless its body is written anew
    written_anew = "body" in group_injected_paths(request.injected)
    if written_anew or _may_hold_random_text(request.headers, request.body, url):
        bare = rebuild_call_without_injected(request)
        yield from _find_secrets_in_parts(
            name,
            without_paths(_parse_suspicious_parts(bare.headers, bare.body, bare.query), allowed),
        )
    if isinstance(outcome, Response) and _may_hold_random_text(outcome.headers, outcome.body):
        parts = _parse_suspicious_parts(outcome.headers, outcome.body, ())
        heads = (text for _, text in _iterate_texts(parts["header"], ()))
        if parts["body"] is None and not any(map(looks_random, heads)):
            return
        paths = [FieldPath.parse(place, "volatile") for place in (*PASSING, *volatile)]
        yield from _find_secrets_in_parts(name, without_paths(parts, [*paths, *allowed]))


def make_api_place_prefix(request: Request) -> str:
    """Return the text before each place of *request* and its response, such as ``crm.find.``.

    An address has stars for the secrets in its path, as of a webhook.
    """
    call = request.call
    if call and call.platform:
        return f"{call.name.rstrip('.')}."
    return f"{request.method} {mask_address_secrets(request.url.partition('?')[0])} "


def select_places_with_prefix(prefix: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the places behind *prefix* (see `make_api_place_prefix`) in *texts*.

    *texts* name their API, or an address, first: ``crm.find.body.id``. If the API of a call is not
    known, *prefix* only names the platform (``crm.``); then texts that name an API are left out.
    """
    places = tuple(text.removeprefix(prefix) for text in texts if text.startswith(prefix))
    is_of_platform = prefix.endswith(".") and "." not in prefix[:-1]
    if not is_of_platform:
        return places
    return tuple(place for place in places if place.replace("[", ".").split(".")[0] in ROOTS)


def find_texts_at(exchange: Exchange, places: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each of *places* with a text found there in the request or its response."""
    request, outcome = exchange.request, exchange.outcome
    bare = rebuild_call_without_injected(request)
    paths = [(place, FieldPath.parse(place, "not_secret")) for place in places]
    if not paths:
        return
    sides = [read_message_parts(bare.headers, bare.body, bare.query) | {"path": bare.path}]
    if isinstance(outcome, Response):
        sides.append(read_message_parts(outcome.headers, outcome.body, ()))
    for parts in sides:
        for place, path in paths:
            texts = (
                text for at in find_values_at(parts, path) for _, text in _iterate_texts(at, ())
            )
            yield from ((place, text) for text in texts)


def _may_hold_random_text(headers: Pairs, body: bytes | None, url: str = "") -> bool:
    texts = [url, *[value for _, value in headers]]
    if body and len(body) <= _MOST:
        texts.append(body.decode(errors="replace"))
    return has_run_of_letters_and_digits("\n".join(texts))


def _parse_suspicious_parts(headers: Pairs, body: bytes | None, query: Pairs) -> dict[str, Any]:
    """Return query, headers and body of a message, as far as they may hold a secret.

    The body is parsed only if it looks random.
    """
    is_random = body and len(body) <= _MOST and looks_random(body.decode(errors="replace"))
    untagged = tuple([pair for pair in headers if not _TAGS.fullmatch(pair[0].lower())])
    return read_message_parts(untagged, body if is_random else None, query)


def _find_secrets_in_parts(prefix: str, parts: Any) -> Iterator[UndeclaredSecret]:
    for path, value in _iterate_texts(parts, ()):
        if STANDIN_PREFIX not in value and looks_random(value):
            yield f"{prefix}{format_path(path)}", value


def _iterate_texts(value: Any, path: Steps) -> Iterator[tuple[Steps, str]]:
    """Yield place and text of all texts in *value*, which itself is at *path*.

    The items of a list have the same place.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _iterate_texts(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _iterate_texts(inner, (*path, Wildcard.ALL))
    elif isinstance(value, str):
        yield path, value
