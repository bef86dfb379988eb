"""Find secrets in cassettes, in platform files and in files that a commit would publish.

Known values are those that this machine has. Others are recognised by form (a private key, a JWT, a
vendor's token) or by place (a header or member that holds credentials). No message contains a
value.
"""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import collect_scannable_parts
from bpmax_sim.cassette.matching import rebuild_call_without_injected
from bpmax_sim.cassette.model import Entry
from bpmax_sim.errors import Place, Problem
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import label_message, msg, template
from bpmax_sim.messages import Exchange, Response, parse_cookies, parse_set_cookie
from bpmax_sim.platform.load import Platforms, find_last_declaring_file
from bpmax_sim.platform.model import Instance, Platform, Source
from bpmax_sim.secret.http_auth import (
    SECRET_HEADERS,
    SET_BY_SERVER,
    get_unhashed_credential,
    split_scheme,
)
from bpmax_sim.secret.secret_names import (
    VERSION,
    is_redactable_everywhere,
    is_secret_name,
    is_secret_value,
)
from bpmax_sim.secret.source import looks_random
from bpmax_sim.secret.spelling import make_spelling_pattern
from bpmax_sim.secret.standin import STANDIN_PREFIX, is_recognisable_standin
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import find_not_secret_places
from bpmax_sim.transport.message_members import (
    MessageMember,
    find_secret_members,
    parse_message_parts,
)
from bpmax_sim.transport.redaction import (
    find_texts_at,
    make_api_place_prefix,
    select_places_with_prefix,
)
from bpmax_sim.yamlfile import Node, Steps, format_steps, read_yaml

_ANSWER: Final = msg("; if it is no secret, declare its place with `not_secret:`")
_FORMS: Final = (
    (msg("a private key"), re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    (msg("a JWT"), re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")),
    (msg("a key of Google"), re.compile(r"\bAIza[\w-]{35}\b")),
    (msg("a token of GitHub"), re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,})\b")),
    (msg("a token of Slack"), re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{10,}")),
    (msg("a key of Stripe"), re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}")),
)
_HEADER: Final = re.compile(
    rf"""^ +(?P<name>{"|".join(sorted(SECRET_HEADERS | SET_BY_SERVER))}): \[(?P<values>"[^\n]*)""",
    re.IGNORECASE | re.MULTILINE,
)
_VALUE: Final = re.compile(r'"((?:[^"\\]|\\.)*)"?')
"""One of the values of a header, which stand in a list on one line."""
_BEFORE_THE_NET: Final = frozenset({
    "access_token", "refresh_token", "id_token", "tenant_access_token", "client_secret",
    "app_secret", "appsecret", "corpsecret", "private_key", "api_key", "apikey",
})  # fmt: skip
_LONG: Final = 12  # characters from which on the names above were an error before the net was


class DeclaredText(NamedTuple):
    """A text of an exchange that is declared with ``not_secret``.

    Attributes:
        prefix: what names the API that was called, such as ``crm.find.``, or another address.
        place: the declared place at which the text stands.
        text: the text.
    """

    prefix: str
    place: str
    text: str


class SuspiciousText(NamedTuple):
    """A text in a recorded exchange that looks like a secret.

    Attributes:
        message: why it does; a part of the message to the user.
        offset: where it begins in the exchange's text in the file; 0 if it is spelled so that it is
            not found there.
        value: the text.
        is_error: whether it is an error in this recording, and not only a hint, as where the rules
            are younger than the recording.
    """

    message: str
    offset: int
    value: str
    is_error: bool


class LiteralSecret(NamedTuple):
    """A secret that is written literally into an instance's entry in ``instances.yaml``.

    Attributes:
        steps: its path in the entry.
        message: template of the message about it, with ``name`` and ``variable``.
    """

    steps: tuple[str, ...]
    message: str


@dataclass(slots=True)
class NotSecretDeclarations:
    """The values declared with ``not_secret``: they look like secrets but are none.

    Attributes:
        platforms: platforms with the places that they and their APIs declare.
        of_project: places declared in ``pyproject.toml``, because no platform file can.
    """

    platforms: Sequence[Platforms]
    of_project: Sequence[str] = ()
    _places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _needed: set[tuple[str, str]] = field(default_factory=set)

    def find_declared_texts(self, exchange: Exchange) -> list[DeclaredText]:
        """Return the texts of *exchange* that are declared with ``not_secret``."""
        prefix = make_api_place_prefix(exchange.request)
        if prefix not in self._places:
            declared = [
                path
                for platforms in self.platforms
                for path in find_not_secret_places(platforms, prefix[:-1])
            ]
            own = select_places_with_prefix(prefix, self.of_project)
            self._places[prefix] = tuple(dict.fromkeys((*declared, *own)))
        found = find_texts_at(exchange, self._places[prefix])
        return [DeclaredText(prefix, place, text) for place, text in found]

    def note_needed(self, declared: Iterable[DeclaredText], values: Sequence[str]) -> None:
        """Note which declarations are needed: `find_stale_declarations` does not report these.

        They are those whose text contains one of *values*, which look like secrets, or looks
        random.
        """
        for prefix, place, text in declared:
            if looks_random(text) or any(value in text for value in values):
                self._needed.add((prefix, place))

    def find_stale_declarations(self) -> Iterator[str]:
        """Yield a message for each declaration that no recording of its calls needs."""
        for platform in chain.from_iterable(known.own.values() for known in self.platforms):
            key = platform.platform_key
            recorded = [prefix for prefix in self._places if prefix.startswith(f"{key}.")]
            yield from self._find_stale_places(key, platform.not_secret, recorded)
            for name, api in platform.apis.items():
                of_api = [prefix for prefix in recorded if prefix == f"{key}.{name}."]
                yield from self._find_stale_places(f"{key}: apis.{name}", api.not_secret, of_api)
        for prefix in self._places:
            own = select_places_with_prefix(prefix, self.of_project)
            yield from self._find_stale_places(f"pyproject.toml: {prefix[:-1]}", own, [prefix])

    def _find_stale_places(
        self, where: str, places: Sequence[str], recorded_prefixes: Sequence[str]
    ) -> Iterator[str]:
        for place in places if recorded_prefixes else ():
            if not any((prefix, place) in self._needed for prefix in recorded_prefixes):
                yield msg(
                    "{where}: not_secret: nothing at {place} looks like a secret in any "
                    "recording; remove the entry",
                    where=where,
                    place=place,
                )


def find_secrets(
    cassette: Cassette,
    vault: Vault,
    not_secret: NotSecretDeclarations,
    report_hint: Callable[[str], None],
) -> Iterator[Problem]:
    """Yield the secrets in *cassette*, each with its place; *vault* has the values known here.

    Texts that *not_secret* declares are left out, except values known to be secret. *report_hint*
    is called with a message for each member that the secret-name rules (its name, such as
    ``password``, tells) find in a recording older than these rules.

    Raises:
        DamagedCassette: if an exchange is not as it was recorded.
    """
    do = msg(
        "record it afresh, or put a stand-in there and run `bpmax-sim cassette seal {file}`",
        file=shell_quote(str(cassette.path)),
    )
    for number in range(len(cassette)):
        entry = cassette.entry(number)
        begin = cassette.place(number)
        for finding in (hit for part in collect_scannable_parts(entry) for hit in vault.scan(part)):
            message = msg(
                "the secret {finding_name} stands here; {do}", finding_name=finding.name, do=do
            )
            yield Problem(message, begin)
        exchange, net = (
            cassette.exchange(number),
            cassette.get_secret_name_rules_version(entry.line.owner),
        )
        suspicious = [*_find_secret_like_texts(entry)]
        suspicious += _find_named_secrets(exchange, entry, net)
        declared = not_secret.find_declared_texts(exchange)
        not_secret.note_needed(declared, [one.value for one in suspicious])
        for reason, at, value, is_error in suspicious:
            if any(value in one.text for one in declared):
                continue
            before = entry.text[:at]
            line, column = begin.line + 1 + before.count("\n"), at - before.rfind("\n")
            message = msg("{reason}; {do}", reason=reason, do=do + _ANSWER)
            place = Place(begin.file, line, column)
            if is_error:
                yield Problem(message, place)
            else:
                report_hint(label_message(place, message))


def _find_secret_like_texts(entry: Entry) -> Iterator[SuspiciousText]:
    """Yield each text in *entry* that looks like a secret by its form or its header.

    These are texts with the form of a known kind of secret, such as a JWT, and values of headers
    for credentials, such as ``Authorization``. Stand-ins are left out. Each is an error however
    old the recording is.
    """
    for what, form in _FORMS:
        for match in form.finditer(entry.text):
            if not is_recognisable_standin(match[0]):
                reason = msg("{what} stands here", what=what)
                yield SuspiciousText(reason, match.start(), match[0], True)
    injected = {place.lower() for place in entry.line.injected}
    for match in _HEADER.finditer(entry.text):
        name = match["name"].lower()
        if f"header.{name}" in injected:
            continue
        for one in _VALUE.finditer(entry.text, match.start("values"), match.end("values")):
            if one[1] and not _is_header_without_credential(name, one[1]):
                reason = msg("the header {name} holds a credential", name=name)
                yield SuspiciousText(reason, one.start(1), one[1], True)


def _find_named_secrets(exchange: Exchange, entry: Entry, version: int) -> Iterator[SuspiciousText]:
    """Yield each value in *exchange* whose member is named like a secret.

    It is an error if it should have been hidden by the secret-name rules of the recording, which
    have *version*. In a recording older than these rules, only long values of the few names that
    were checked then are errors.
    """
    found = [*_find_members_by_rules(exchange, VERSION)]
    by_its_rules = found if version == VERSION else _find_members_by_rules(exchange, version)
    of_rules = {(member.name, member.text) for member in by_its_rules}
    for path, name, value, _ in found:
        if path[0] != "header":
            reason = msg("{name} has a value of its own", name=name)
            is_error = bool(version) and (name, value) in of_rules
            is_error = is_error or (len(value) >= _LONG and name.lower() in _BEFORE_THE_NET)
            yield SuspiciousText(reason, _find_spelling(entry.text, value), value, is_error)


def _find_members_by_rules(exchange: Exchange, version: int) -> Iterator[MessageMember]:
    """Yield the secrets in *exchange* that the secret-name rules of *version* find."""
    bare = rebuild_call_without_injected(exchange.request)
    sides = [
        parse_message_parts(bare.headers, bare.body, bare.query, version=version, path=bare.path)
    ]
    if isinstance(exchange.outcome, Response):
        headers, body = exchange.outcome.headers, exchange.outcome.body
        sides.append(parse_message_parts(headers, body, (), version=version))
    for parts in sides:
        yield from find_secret_members(parts, (), version)


def _find_spelling(text: str, value: str) -> int:
    """Return where *value* begins in *text*, as it is or with characters escaped; else 0."""
    if (offset := text.find(value)) >= 0:
        return offset
    found = re.search(make_spelling_pattern(value), text)
    return found.start() if found else 0


def _is_header_without_credential(name: str, value: str) -> bool:
    """Return whether the value of a header is a stand-in, or contains no credential."""
    if name in SET_BY_SERVER:
        return STANDIN_PREFIX in value or not parse_set_cookie(value).value
    if name == "cookie":
        return STANDIN_PREFIX in value or not any(cookie.value for cookie in parse_cookies(value))
    credential = get_unhashed_credential(value)
    if credential is None:
        return " " in value.strip() or _contains_standin(value)  # a signature gives nothing away
    return _contains_standin(credential) or STANDIN_PREFIX in _decode_base64(credential)


def _contains_standin(value: str) -> bool:
    return STANDIN_PREFIX in value or is_recognisable_standin(value)


def _decode_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


_NOT_IGNORED = 1  # as `git check-ignore` ends; 128 is no repository, where nothing is committed


def find_literal_secrets(platforms: Platforms) -> Iterator[Problem]:
    """Yield a problem for each secret written literally into a file of instances or platforms.

    These are credentials declared as secret, defaults of these too, and members of a platform named
    like secrets.
    """
    # A file that Git ignores stays on this machine: a secret may be written there.
    is_open = cache(_is_not_git_ignored)
    for key, own in platforms.own.items():
        source = find_last_declaring_file(platforms.folders, key)
        if source is not None and is_open(str(source)):
            root = read_yaml(source)
            yield from _find_secret_defaults(own, root)
            yield from _find_literals_named_secret(root, ())
    for entry in chain.from_iterable(platforms.entries.values()):
        instance = entry.instance
        platform = platforms.find(instance.platform)
        for steps, text in _find_instance_literal_secrets(instance, platform):
            node = entry.origin.node.find_at(steps)
            if node is not None and is_open(node.file):
                variable = f"{instance.platform}_{steps[-1]}".upper()
                message = msg(text, name=steps[-1], variable=variable)
                yield Problem(message, node.place, ".".join(steps))


_IN_CLEAR: Final = template(
    "{name!r} is a secret and stands here in the clear, in a file that Git does "
    "not ignore; write {{env: {variable}}}, or put it into instances.local.yaml"
)


def _find_secret_defaults(platform: Platform, root: Node) -> Iterator[Problem]:
    """Yield a problem for each default of a secret credential in *root*, the platform's file."""
    for name, spec in platform.credentials.items():
        steps = ("credentials", name, "default")
        node = root.find_at(steps)
        if spec.secret is True and node is not None and node.value not in ("", None):
            variable = f"{platform.platform_key}_{name}".upper()
            message = msg(_IN_CLEAR, name=name, variable=variable)
            yield Problem(message, node.place, format_steps(steps))


_SECTIONS: Final = frozenset({"headers", "query", "body", "auth", "apis"})


def _find_literals_named_secret(node: Node, steps: Steps) -> Iterator[Problem]:
    """Yield a problem for each text below *node* whose name marks it as a secret.

    *node* is in a platform file, at the path *steps*.
    """
    named = [str(node.items[key].value) for key in ("name", "to") if key in node.items]
    pairs = [(name, inner) for name, inner in node.items.items() if steps or name in _SECTIONS]
    for name, inner in pairs:
        at = (*steps, name)
        # What auth puts somewhere, and what a parameter is by default, have their name beside.
        names = named if named and name in {"value", "default"} else [name]
        called = next(filter(is_secret_name, names), "")
        if (
            isinstance(inner.value, str)
            and called
            and any(
                is_redactable_everywhere(text) and is_secret_value(called, text)
                for text in _find_literal_parts(inner.value)
            )
        ):
            message = msg(
                "{name!r} is a secret and stands here in the clear, in a file that Git does "
                "not ignore; declare a credential and write {braces} with its name",
                braces="{{ … }}",
                name=called,
            )
            yield Problem(message, inner.place, format_steps(at))
        yield from _find_literals_named_secret(inner, at)
    for index, inner in enumerate(node.elements):
        yield from _find_literals_named_secret(inner, (*steps, index))


_LITERAL: Final = re.compile(
    r"""(?:\{\{-?|\bor|\belse|\bdefault\()\s*(?P<quote>['"])(?P<text>.*?)(?P=quote)"""
)
"""What a template sends as it stands; an argument of another filter is a format or a separator."""


def _find_literal_parts(source: str) -> Iterator[str]:
    """Yield the literal parts of *source*, a text or a template; of ``Bearer x`` only ``x``.

    A text that begins with ``$`` or ``{``, such as ``${env.X}``, refers to another value and has
    none.
    """
    if "{{" in source:
        yield from (match["text"] for match in _LITERAL.finditer(source))
    elif source[:1] not in {"$", "{"}:
        yield split_scheme(source)[1]


def _find_instance_literal_secrets(
    instance: Instance, platform: Platform | None
) -> Iterator[LiteralSecret]:
    """Yield the secrets that are written literally into the entry of *instance*."""
    for name, value in instance.credentials.items():
        spec = platform.credentials.get(name) if platform else None
        if spec is not None and spec.secret is True and value and not isinstance(value, Source):
            yield LiteralSecret(("credentials", name), _IN_CLEAR)
    if isinstance(instance.proxy, str) and urlsplit(instance.proxy).password:
        yield LiteralSecret(
            ("proxy",),
            template(
                "the password of the proxy stands here in the clear, in a file that Git does "
                "not ignore; write {{env: {variable}}}, or put it into instances.local.yaml"
            ),
        )


def _is_not_git_ignored(file: str) -> bool:
    path = Path(file).absolute()
    command = ["git", "check-ignore", "--quiet", "--", path.name]
    try:
        done = subprocess.run(command, cwd=path.parent, capture_output=True, check=False)  # noqa: S603
    except OSError:
        return False  # without Git there is no telling
    return done.returncode == _NOT_IGNORED
