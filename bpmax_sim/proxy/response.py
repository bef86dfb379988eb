"""Read, judge and show responses.

A body is parsed once, by its content type: JSON value, text or bytes.

Values are read from a response by a path: a JSON path (RFC 9535; ``$.a.b[0]`` is read without the
library), ``header:Name``, ``cookie:Name``, ``cookies`` (all of them, as a Cookie header),
``css:selector`` or ``regex:pattern``. Codes are compared as texts, since third parties answer
``40014`` in one place and ``"40014"`` in another.

Requests and responses are shown as plain values: redacted, bodies parsed. Each call and each login
request leaves a log record, which is redacted when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, NoReturn
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Struct

from bpmax_sim.errors import BAD_PATTERN, BpmaxError, ConfigError
from bpmax_sim.field_path import FieldPath, find_values_at
from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.js_values import format_js_number, loads_as_javascript
from bpmax_sim.messages import (
    FORM,
    LOGIN,
    Call,
    Headers,
    Pairs,
    Request,
    Response,
    parse_media_type,
)
from bpmax_sim.platform.html_selector import compile_selector, compile_value_regex
from bpmax_sim.platform.model import ErrorClass, OkRule, ResponseRules
from bpmax_sim.proxy.call_effects import NoRepr
from bpmax_sim.secret.http_auth import SET_BY_SERVER
from bpmax_sim.secret.vault import Redact, redact_values
from bpmax_sim.text_codec import DecodedText, decode_text

_NO_CONTENT = frozenset({204, 205, 304})
_JSON_TYPES = frozenset({"application/json", "text/json"})
_TEXT_TYPES = frozenset({
    "application/xml", "application/javascript", "application/x-javascript",
    FORM, "application/x-ndjson", "application/yaml",
})  # fmt: skip


class BadJsonError(MessageError):
    """Raised if a text is not JSON; the message says where."""


class ParsedBody(NoRepr, frozen=True):
    """A parsed body.

    Attributes:
        kind: ``json`` (*value* is the parsed value, *text* its text), ``text``, ``bytes`` (in
            *value*), ``null`` for an empty body, or ``broken`` if the content type says JSON and
            the body is not JSON.
        problem: what is wrong with a broken body, or with a text in which undecodable bytes were
            replaced by U+FFFD.
        guessed: parsed value of a body that is JSON although its content type does not say so, else
            None. Rules look into it, scripts do not.
    """

    kind: Literal["json", "text", "bytes", "null", "broken"]
    value: Any = None
    text: str = ""
    problem: str = ""
    guessed: Any = None

    @property
    def rule_value(self) -> Any:
        """Return the JSON value in which response rules look for code, message and data.

        None if the body is not JSON.
        """
        return self.value if self.kind == "json" else self.guessed

    @property
    def display_value(self) -> Any:
        """Return the body as errors and log records show it: value, text, or number of bytes."""
        if self.kind == "bytes":
            return msg("{value_count} bytes", value_count=len(self.value))
        return self.text if self.kind == "broken" else self.value


_NULL: Final = ParsedBody("null")


def is_json(media: str) -> bool:
    """Return whether a media type is JSON, such as ``application/problem+json`` (RFC 6839)."""
    return media in _JSON_TYPES or media.endswith("+json")


def read_body(response: Response, declared_charset: str = "") -> ParsedBody:
    """Return the parsed body of *response*; *declared_charset* is the ``charset:`` of its API."""
    raw, declared_charset = response.body, declared_charset or response.charset
    if not raw or response.status in _NO_CONTENT:
        return _NULL
    content_type = response.header("content-type") or ""
    media = parse_media_type(content_type)
    if is_json(media):
        return _read_json(raw, content_type, declared_charset)
    return _read_other(raw, media, content_type, declared_charset)


def parse_json(text: str, raw: bytes | None = None) -> Any:
    """Return the value of the JSON *text*; integers keep all digits.

    *raw* may hold the same document in UTF-8, which is parsed faster.

    Raises:
        BadJsonError: if it is not JSON by the rules of ``JSON.parse``.
    """
    try:
        return msgspec.json.decode(text if raw is None else raw)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass  # big integers and lone surrogates are for the slower reader
    try:
        return loads_as_javascript(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise BadJsonError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise BadJsonError("{msg} at character {pos}", msg=error.msg, pos=error.pos + 1) from None
    except ValueError as error:
        raise BadJsonError(str(error)) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(msg("{name} is not JSON", name=name))


def _read_json(raw: bytes, content_type: str, declared_charset: str) -> ParsedBody:
    decoded = decode_text(raw, content_type, declared_charset)
    problem = _describe_decoding_problem(decoded)
    if not problem:
        try:
            utf_8 = raw if decoded.codec == "utf-8" else None
            return ParsedBody("json", parse_json(decoded.text, utf_8), decoded.text)
        except BadJsonError as error:
            problem = str(error)
    return ParsedBody("broken", text=decoded.text, problem=problem)


def _describe_decoding_problem(decoded: DecodedText) -> str:
    if decoded.wrong_at < 0:
        return ""
    return msg("byte {start} is not {encoding}", start=decoded.wrong_at + 1, encoding=decoded.codec)


def _read_other(raw: bytes, media: str, content_type: str, declared_charset: str) -> ParsedBody:
    is_text = not media or media.startswith("text/") or media in _TEXT_TYPES
    is_text = is_text or media.endswith("+xml")
    may_be_json = raw.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in {b"{", b"["}
    if not (is_text or may_be_json):
        return ParsedBody("bytes", raw)
    decoded, guessed = decode_text(raw, content_type, declared_charset), None
    if may_be_json and decoded.wrong_at < 0:
        with suppress(BadJsonError):
            guessed = parse_json(decoded.text)
    if not media and guessed is not None:
        return ParsedBody("json", guessed, decoded.text)
    if is_text:
        problem = _describe_decoding_problem(decoded)
        return ParsedBody("text", decoded.text, decoded.text, problem=problem, guessed=guessed)
    return ParsedBody("bytes", raw, guessed=guessed)


Finder = Callable[[Response, ParsedBody], Any]


@lru_cache(maxsize=1024)
def compile_finder(path: str) -> Finder:
    """Return a function that reads the value at *path* of a response, or `UNSET`.

    A path is a JSON path (``$.data.id``), ``header:Name``, ``cookie:Name``, ``cookies``,
    ``css:selector`` or ``regex:pattern``.

    Raises:
        ConfigError: if *path* is none of these.
    """
    place = FieldPath.from_declared_response_place(path)
    if place is None:
        kind, _, source = path.partition(":")
        return _TEXT_FINDERS.get(kind, _compile_json_path)(
            source if kind in _TEXT_FINDERS else path
        )
    name, steps = place.top_name, place.steps_below_root
    if place.root == "header":
        # Several lines are one value (RFC 9110, 5.2), such as the challenges of a server.
        return lambda response, _body: (
            ", ".join(values) if (values := Headers(response.headers).get_all(name)) else UNSET
        )
    if place.root == "body":
        return lambda _response, body: (
            UNSET
            if body.rule_value is None
            else next(find_values_at(body.rule_value, steps), UNSET)
        )
    if not name:
        return _find_cookie_header
    return lambda response, _body: Headers(response.headers).response_cookies.get(name, UNSET)


def _compile_html_selector(source: str) -> Finder:
    selector = compile_selector(source)

    def find(_response: Response, body: ParsedBody) -> Any:
        value = selector.find(body.text)
        return UNSET if value is None else value

    return find


def _compile_pattern(source: str) -> Finder:
    pattern = compile_value_regex(source)

    def find(_response: Response, body: ParsedBody) -> Any:
        match = pattern.search(body.text)
        # The group, of which there is one at most, else the whole match (0).
        return UNSET if match is None else match[pattern.groups]

    return find


_TEXT_FINDERS: Final[Mapping[str, Callable[[str], Finder]]] = {
    "css": _compile_html_selector,
    "regex": _compile_pattern,
}


def find_first_non_null_value(
    finders: Iterable[Finder], response: Response, body: ParsedBody
) -> Any:
    """Return the first value that one of *finders* finds in a response; `UNSET` if none does.

    A null counts as not found.
    """
    for find in finders:
        value = find(response, body)
        if value is not UNSET and value is not None:
            return value
    return UNSET


def to_comparable_text(value: Any) -> str:
    """Return *value* as the text by which codes are compared: ``true``, ``null``, ``40014``."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return format_js_number(value) if isinstance(value, float) else str(value)


def _find_cookie_header(response: Response, _body: ParsedBody) -> Any:
    jar = Headers(response.headers).response_cookies
    pairs = [f"{name}={value}" for name, value in jar.items()]
    return "; ".join(pairs) if pairs else UNSET


def _compile_json_path(path: str) -> Finder:
    import jsonpath  # noqa: PLC0415 - slow to import, and few paths need it

    try:
        compiled = jsonpath.compile(path)
    # The library lets through what is wrong with an expression in the path, a number or nesting.
    except (jsonpath.JSONPathError, *BAD_PATTERN, ValueError) as error:
        raise ConfigError(
            "{path!r} is not a JSON path such as $.data.code: {error}", path=path, error=error
        ) from None

    def find(_response: Response, body: ParsedBody) -> Any:
        if not isinstance(body.rule_value, dict | list):
            return UNSET
        return next((match.obj for match in compiled.finditer(body.rule_value)), UNSET)

    return find


class CompiledRules:
    """The response rules of an API, compiled once: how its responses are judged and read.

    They say what is a success, where the business code, the message and the data are, and which
    responses belong to which class of failure.
    """

    __slots__ = ("_classes", "_code", "_message", "data", "ok")

    def __init__(self, rules: ResponseRules, fallback: Mapping[str, tuple[int, ...]]) -> None:
        """Compile *rules*; *fallback* has the statuses of classes that the rules do not declare."""
        self.ok = rules.ok
        for condition in rules.ok.all:
            compile_finder(
                condition.path
            )  # what is no path is refused now, not by the first response
        self._code = tuple(map(compile_finder, rules.code))
        self._message = tuple(map(compile_finder, rules.message))
        self.data = tuple(map(compile_finder, rules.data))
        # A class that the rules declare replaces the one of that name which HTTP's statuses
        # suggest.
        named = {name: ErrorClass(status=status) for name, status in fallback.items()}
        self._classes = [
            (
                name,
                frozenset(map(to_comparable_text, rule.code)),
                frozenset(rule.status),
                rule.location,
            )
            for name, rule in {**named, **rules.classes}.items()
        ]

    def find_business_code(self, response: Response, body: ParsedBody) -> Any:
        """Return the business code of the third party, not HTTP's status; `UNSET` if there is none.

        The body or a header gives it.
        """
        return find_first_non_null_value(self._code, response, body)

    def find_message(self, response: Response, body: ParsedBody) -> Any:
        """Return the third party's message; `UNSET` if there is none."""
        return find_first_non_null_value(self._message, response, body)

    def is_redirected_to_login(self, response: Response) -> bool:
        """Return whether *response* redirects to a login page: there is no valid server session."""
        return any(
            _redirects_to(response, locations) for *_, locations in self._classes if locations
        )

    def find_failure_class(self, response: Response, body: ParsedBody) -> str | None:
        """Return the name of the first class of failure that the response belongs to, or None."""
        code: str | None = None
        for name, codes, statuses, locations in self._classes:
            if response.status in statuses or (locations and _redirects_to(response, locations)):
                return name
            if codes:
                code = code or to_comparable_text(self.find_business_code(response, body))
                if code in codes:
                    return name
        return None


def _redirects_to(response: Response, paths: Iterable[str]) -> bool:
    """Return whether *response* redirects to one of *paths*, on any host.

    A relative Location, such as ``login.php?error=1``, is compared with the end of each path.
    """
    location = response.header("location")
    if location is None or not 300 <= response.status < 400:  # noqa: PLR2004 - the 3xx of HTTP
        return False
    try:
        there = urlsplit(location).path.rstrip("/")
    except ValueError:  # no address, such as one with an unclosed bracket
        return False
    if there and not there.startswith("/"):
        return any(path.rstrip("/").endswith(f"/{there}") for path in paths)
    return there in {path.rstrip("/") for path in paths}


def is_success(status: int) -> bool:
    """Return whether *status* is 2xx."""
    return 200 <= status < 300  # noqa: PLR2004 - the 2xx of HTTP


class UnmetCondition(NamedTuple):
    """A condition of a rule that a response does not meet.

    Attributes:
        number: its index in the rule.
        value: what the response has at its path; `UNSET` for nothing.
    """

    number: int
    value: Any


def satisfies_rule(
    rule: OkRule, response: Response, body: ParsedBody, *, absent_ok: bool = False
) -> bool:
    """Return whether the response is a success by *rule*: its status, and every condition.

    If *absent_ok*, a condition also holds if the response has no value at its path.
    """
    is_right = response.status in rule.status if rule.status else is_success(response.status)
    return is_right and find_unmet_condition(rule, response, body, absent_ok=absent_ok) is None


def find_unmet_condition(
    rule: OkRule, response: Response, body: ParsedBody, *, absent_ok: bool = False
) -> UnmetCondition | None:
    """Return the first condition of *rule* that the response does not meet, or None.

    If *absent_ok*, a condition also holds if the response has no value at its path.
    """
    for number, condition in enumerate(rule.all):
        value = compile_finder(condition.path)(response, body)
        if value is UNSET:
            holds = condition.absent or absent_ok
        else:
            holds = not condition.absent and to_comparable_text(value) in map(
                to_comparable_text, condition.any_of
            )
        if not holds:
            return UnmetCondition(number, value)
    return None


class RedactedRequest(Struct, frozen=True, kw_only=True):
    """A request with all secrets hidden, as `CallRecord.request` shows it.

    Attributes:
        headers: values by lower-case name; several values of one name are joined.
        body: as text; None for no body.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None = None


class RedactedResponse(Struct, frozen=True, kw_only=True):
    """A response with all secrets hidden, as `CallRecord.response` shows it.

    Attributes:
        headers: values by lower-case name; several values of one name are joined, cookies hidden.
        body: parsed value if it is JSON, else text.
    """

    status: int
    headers: Mapping[str, str]
    body: Any = None


def redact_request(request: Request, redact: Redact) -> RedactedRequest:
    """Return the recorded form of *request* to be shown, with known secrets hidden by *redact*."""
    shown = request.recorded_form
    body = shown.body
    return RedactedRequest(
        method=shown.method,
        url=redact(shown.url),
        headers=redact_headers(shown.headers, redact),
        body=None if body is None else redact(_decode_request_body(shown)),
    )


def _decode_request_body(request: Request) -> str:
    content_type = Headers(request.headers).content_type
    return decode_text(request.body or b"", content_type, request.charset).text


def redact_response(response: Response, redact: Redact) -> RedactedResponse:
    """Return *response* with known secrets hidden by *redact*, to show; a JSON body is parsed."""
    return RedactedResponse(
        status=response.status,
        headers=redact_headers(response.headers, redact),
        body=redact_values(read_body(response).display_value, redact),
    )


def redact_headers(pairs: Pairs, redact: Redact) -> dict[str, str]:
    """Return header values by lower-case name, values of one name joined, cookies hidden."""
    shown: dict[str, str] = {}
    for name, value in pairs:
        lower = name.lower()
        text = "redacted" if lower in SET_BY_SERVER else redact(value)
        shown[lower] = f"{shown[lower]}, {text}" if lower in shown else text
    return shown


class Sending(Struct, frozen=True, kw_only=True):
    """A sending of a call that was followed by another one.

    Attributes:
        at: virtual instant of the start.
        duration: virtual seconds until the response or failure.
        ended: number of its end in the order of all events of the session.
        follows: why it was sent again: ``renewed`` (the token was refused), ``clock`` or
            ``retried``.
        note: the same in words.
        wait: virtual seconds until the next sending.
    """

    request: Request
    response: Response | None
    error: BpmaxError | None
    at: float
    duration: float
    ended: int
    follows: Literal["renewed", "clock", "retried"]
    note: str
    wait: float = 0.0

    def __repr__(self) -> str:
        return f"<Sending {self.follows}>"


class CallRecord(Struct, frozen=True, kw_only=True):
    """A finished call and its result.

    Attributes:
        platform, instance, api: as far as they are known.
        caller: source of the call, if the script names one in the options of ``$proxy``.
        at: virtual instant of the start.
        duration: virtual seconds until the response or the error.
        began, ended: numbers of its start and its end in the order of all events of the session.
        attempts: number of its requests that were sent; those of logins are not counted.
        earlier: the sendings before the last one.
        sent_at: virtual instant of the last sending.
        notes: messages about values overridden or dropped, and about retries.
        doubts: notes about what the script probably did not mean; they are among *notes*, too.
        call: what the script set, not redacted; None if the call was rejected before it was looked
            up and encoded, for example as its API does not exist.
        error: error with which the call was rejected.
        position: the script line that made the call, where it is known.
        sent, received: last request and its response, not redacted; *redact* hides their secrets.
    """

    platform: str
    instance: str = ""
    api: str = ""
    caller: str | None = None
    at: float = 0.0
    duration: float = 0.0
    began: int = 0
    ended: int = 0
    attempts: int = 0
    earlier: tuple[Sending, ...] = ()
    sent_at: float = 0.0
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    call: Call | None = None
    error: BpmaxError | None = None
    position: Any = None
    sent: Request | None = None
    received: Response | None = None
    redact: Callable[[str], str] = str

    def __repr__(self) -> str:
        return f"<CallRecord of {self.name}>"

    @property
    def name(self) -> str:
        """Return ``platform.api``."""
        return f"{self.platform}.{self.api}"

    @property
    def is_login(self) -> bool:
        """Return whether this is a login request rather than a call of a script."""
        return self.api == LOGIN

    @property
    def status(self) -> int | None:
        """Return the HTTP status; None without a response."""
        return self.received.status if self.received else None

    @property
    def source(self) -> str:
        """Return who answered: ``live``, ``recorded``, ``simulated``, ``stub`` or ``fault``.

        Empty without a response.
        """
        return self.received.source if self.received else ""

    @property
    def request(self) -> RedactedRequest | None:
        """Return the last request, redacted; None if nothing was sent."""
        return redact_request(self.sent, self.redact) if self.sent else None

    @property
    def response(self) -> RedactedResponse | None:
        """Return the last response, redacted, its body parsed; None without a response."""
        return redact_response(self.received, self.redact) if self.received else None
