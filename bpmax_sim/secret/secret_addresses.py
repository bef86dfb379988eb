"""Find what is secret in an address: the key of a webhook, a password, a session in the path.

Names of query parameters are judged by `secret_names`. Here are the facts that no name tells: which
segment of a webhook's path is its key, where a password stands in a URL or data source, and which
parameters of a path (``;jsessionid=…``) hold a session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

from ahocorasick_rs import BytesAhoCorasick

from bpmax_sim.secret.secret_names import (
    is_letters_and_digits,
    is_placeholder,
    is_secret_name,
    is_words_and_numbers,
)
from bpmax_sim.secret.standin import STANDIN


class FoundSecret(NamedTuple):
    """A secret in a text, with the name by which it is called.

    Attributes:
        before: the text directly before it, which tells that it is a secret.
        after: the text directly behind it; "" if its end is not known.
    """

    name: str
    text: str
    before: str
    after: str


WEBHOOK_KEY: Final = "webhook_token"
"""What the key in a webhook's address is called, also if it is a parameter of the query."""

_GUID: Final = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_TEAMS: Final = rf"/webhookb2/{_GUID}@{_GUID}/IncomingWebhook/"
# What stands before the key, the key, and what stands behind it; whatever the host is, as companies
# run Lark, Mattermost and gateways to all of these under names of their own.
_WEBHOOKS: Final = (
    (r"/open-apis/bot/(?:v2/)?hook/", r"[\w-]{16,80}", ""),  # Lark
    (r"/flow/api/trigger-webhook/", r"[\w-]{16,80}", ""),  # Lark
    (r"/cgi-bin/webhook/\w{1,30}\?(?:[^\s#?]{0,200}&)?key=", r"[\w-]{16,80}", ""),  # WeCom
    (r"/services/T[A-Z0-9]{6,20}/B[A-Z0-9]{6,20}/", r"\w{16,64}", ""),  # Slack
    (
        r"/(?:workflows|triggers)/T[A-Z0-9]{6,20}/(?:A[A-Z0-9]{6,20}/)?\d{6,20}/",
        r"\w{16,64}",
        "",
    ),  # Slack
    (r"/api/(?:v\d{1,2}/)?webhooks/\d{15,22}/", r"[\w-]{40,120}", ""),  # Discord
    (_TEAMS, "[0-9A-Fa-f]{32}", f"/{_GUID}"),
    (rf"{_TEAMS}[\w.-]{{16,99}}/{_GUID}/", r"V2[\w-]{16,99}", ""),
    (r"/bot\d{6,14}(?::|%3[Aa])", r"[\w-]{30,60}", "(?=/)"),  # Telegram
    (r"/hooks/", r"[a-z0-9]{26}", ""),  # Mattermost
    (r"/hooks/\w{17,24}/", r"\w{40,80}", ""),  # Rocket.Chat
    (r"/hooks/catch/\d{4,12}/", r"\w{6,20}", ""),  # Zapier
    (r"/trigger/[\w%.-]{1,80}/(?:json/)?with/key/", r"[\w-]{16,80}", ""),  # IFTTT
    (r"/", r"SC[TU]\d{1,9}T\w{16,64}", r"\.send"),  # ServerChan
)
_END: Final = r"(?![\w-])"
_FIND_WEBHOOK: Final = [
    re.compile(f"({before})({STANDIN.pattern}|{key})({after}){_END}", re.ASCII)
    for before, key, after in _WEBHOOKS
]

_SCHEME: Final = r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}://"
_USER: Final = r"(?P<user>[^\s/?#\"'<>@:]{0,100})"
_UP_TO_LAST_AT: Final = r"(?P<password>(?:(?![/?#\"'<>])[!-~]){1,200})@"
_PASSWORDS: Final = (
    # No port, behind which a list goes on, nor the digest of an image: docker://nginx:latest@sha256:
    re.compile(rf"{_SCHEME}{_USER}:(?!\d{{1,5}}[,;|)\]}}]){_UP_TO_LAST_AT}(?!sha\d)(?=[\w\[%$-])"),
    re.compile(rf"\bjdbc:oracle:\w{{1,9}}:{_USER}/{_UP_TO_LAST_AT}(?=[\w\[/(-])"),
    re.compile(rf"(?<![\w.-])(?P<user>[\w.-]{{1,100}}):{_UP_TO_LAST_AT}(?=(?:tcp|unix)\()"),  # Go
)
_WEB: Final = re.compile("(?:http|ws)s?:", re.IGNORECASE)
_PORT: Final = re.compile(r"\d{2,5}(?![A-Za-z0-9])")  # http://10.0.0.8:8080&mail=a@b.example
_PATH: Final = re.compile(r"[^\s?#\"'<>]+")
_PARAMETER: Final = re.compile(r";([\w.-]{2,40})=([^\s/?#;&\"'<>]{6,300})")
_SESSIONS_IN_PATHS: Final = frozenset({"jsessionid", "phpsessid", "sessionid", "sid"})
_SHORTEST_IN_TEXT: Final = 16  # of a parameter that is no session, where the text may be a program
_FIND_HINTS: Final = BytesAhoCorasick([
    b"hook", b"/services/t", b"/triggers/t", b"/workflows/t", b"/bot", b"with/key/", b"/sct",
    b"/scu", b"jdbc:oracle:", b"@tcp(", b"@unix(", b"%3a%2f%2f", b"%3aoracle%3a",
    b"%40tcp", b"%40unix",
])  # fmt: skip
_PARAMETER_HINT: Final = re.compile(rb";[\w.-]{2,40}=")
_PASSWORD_HINT: Final = re.compile(rb":\\?/\\?/[^\s\"'<>/@]{1,300}@")


def may_hold_address_secret(data: bytes) -> bool:
    """Return False if *data* certainly has no address with a secret; a quick test before parsing.

    Names of query parameters do not count.
    """
    if _FIND_HINTS.find_matches_as_indexes(data.lower()):
        return True
    if b"@" in data and _PASSWORD_HINT.search(data):
        return True
    return b";" in data and _PARAMETER_HINT.search(data) is not None


def find_address_secrets(text: str, *, is_path: bool = False) -> Iterator[FoundSecret]:
    """Yield the secrets in the addresses of *text*, except those that names in a query tell.

    If *text* *is_path*, the path of a request, its parameters are judged by their names alone.
    """
    yield from _find_webhook_keys(text)
    if "@" in text:
        yield from _find_passwords(text)
    if ";" in text:
        yield from _find_path_parameters(text, is_path=is_path)


def _find_webhook_keys(text: str) -> Iterator[FoundSecret]:
    for pattern in _FIND_WEBHOOK:
        for found in pattern.finditer(text):
            if _may_be_key(found[2]):
                yield FoundSecret(WEBHOOK_KEY, found[2], found[1], found[3])


def _may_be_key(text: str) -> bool:
    """Return False for what stands in the place of a webhook's key and is the name of something."""
    is_name = len(text) >= _SHORTEST_IN_TEXT and is_words_and_numbers(text)
    return not (is_name or is_placeholder(text)) or STANDIN.fullmatch(text) is not None


def _find_passwords(text: str) -> Iterator[FoundSecret]:
    for pattern in _PASSWORDS:
        for found in pattern.finditer(text):
            password = unquote(found["password"])
            is_port = "." in found["user"] and _PORT.match(password) and _WEB.match(found[0])
            if not is_port and not is_placeholder(password):
                before = text[found.start("user") : found.start("password")]
                yield FoundSecret("password", password, before, "@")


def _find_path_parameters(text: str, *, is_path: bool) -> Iterator[FoundSecret]:
    for path in (run for run in _PATH.findall(text) if ";" in run):
        begin = path.find(";")
        for name, value in _PARAMETER.findall(path, begin) if "/" in path[:begin] else ():
            is_session = name.lower() in _SESSIONS_IN_PATHS
            is_named = is_session or is_secret_name(name)
            is_sure = is_path or (
                (is_session or len(value) >= _SHORTEST_IN_TEXT)
                and is_letters_and_digits(value)
                and not is_words_and_numbers(value)
            )
            if is_named and is_sure and not is_placeholder(value):
                yield FoundSecret(name, value, f";{name}=", "")


def mask_address_secrets(address: str) -> str:
    """Return *address* with a star for each secret, or its stand-in, in the path.

    So a message can name the address, and a project can declare it.
    """
    for pattern in _FIND_WEBHOOK:
        address = pattern.sub(
            lambda found: f"{found[1]}*{found[3]}" if _may_be_key(found[2]) else found[0], address
        )
    for name, value in _PARAMETER.findall(address) if ";" in address else ():
        if name.lower() in _SESSIONS_IN_PATHS or is_secret_name(name):
            address = address.replace(f";{name}={value}", f";{name}=*")
    return address
