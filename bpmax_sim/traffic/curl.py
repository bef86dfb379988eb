"""Convert exchanges, and calls in a trace, to curl commands for a POSIX shell.

Credentials appear as their stand-ins: put your own in their place before you run a command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from bpmax_sim.i18n import msg
from bpmax_sim.messages import FORM, Exchange, FailedExchange, Headers, Request, parse_media_type
from bpmax_sim.platform.encodings import to_json
from bpmax_sim.traffic.imported import ForeignFormat

_LONGEST = 100_000
"""Bytes of an argument, of which Linux takes 131,072; for the shell's own printf it is none."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")


def write_curl(exchanges: Iterable[Exchange]) -> tuple[bytes, tuple[str, ...]]:
    """Return a shell script with the requests of *exchanges*, and notes about what is lost."""
    parts = ["#!/bin/sh\n"]
    for exchange in exchanges:
        call, outcome = exchange.request.call, exchange.outcome
        name = call.name if call and call.platform else ""
        comment = f"# {exchange.order} {name}".rstrip()
        if isinstance(outcome, FailedExchange):
            comment += f" -> {outcome.code} {outcome.message}"
        else:
            comment += f" -> HTTP {outcome.status} {outcome.reason}".rstrip()
        parts.append(f"{_UNSEEN.sub(' ', comment)}\n{format_curl_command(exchange.request)}\n")
    return "\n".join(parts).encode("utf-8", "replace"), ()


def format_curl_command(request: Request) -> str:
    """Return the curl command that sends *request*; the body is the same to the byte."""
    words = ["curl", "--silent", "--show-error", "--globoff", "--path-as-is"]
    is_head = request.method == "HEAD"
    # `--request HEAD` alone would wait for a body that never comes (curl(1), --request).
    words += ["--head"] if is_head and not request.body else ["--request", request.method]
    headers = [*request.headers]
    if is_head and request.body:
        # curl takes no body with --head; so it has to be told not to wait for the response's.
        words += ["--dump-header", "-", "--ignore-content-length"]
        headers += [("Connection", "close")] if "connection" not in Headers(request.headers) else []
    lines = [shlex.join([*words, request.url])]
    # `Name;` sends an empty header, `Name:` and `Name: ` would remove curl's own (curl(1)).
    texts = (f"{name}: {value}" if value.strip() else f"{name};" for name, value in headers)
    lines += [shlex.join(["--header", text]) for text in texts]
    if request.body is None or (is_head and not request.body):
        return _join_with_backslashes(lines)
    if "content-type" not in Headers(request.headers):
        lines.append("--header Content-Type:")  # or curl would name a form
    body = _to_shell_text(request.body)
    if body is not None and len(request.body) <= _LONGEST:
        return _join_with_backslashes(
            [*lines, msg("--data-binary {quote}", quote=shlex.quote(body))]
        )
    piped = _join_with_backslashes([*lines, "--data-binary @-"])
    if body is not None:
        return msg("printf '%s' {quote} | {piped}", quote=shlex.quote(body), piped=piped)
    return msg(
        "printf '{names}' | {piped}",
        names="".join(f"{chr(92)}{byte:03o}" for byte in request.body),
        piped=piped,
    )


def _join_with_backslashes(lines: list[str]) -> str:
    return " \\\n  ".join(lines)


def _to_shell_text(body: bytes) -> str | None:
    """Return *body* as text for a shell argument; None if it must be passed through a pipe."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    # An argument cannot hold NUL, and curl takes `@…` for the name of a file.
    return None if "\0" in text or text.startswith("@") else text


def format_event_as_curl(event: Mapping[str, Any]) -> str:
    """Return the curl command that repeats the call of the trace event *event*."""
    headers = {str(name).lower(): str(value) for name, value in event.get("header", {}).items()}
    return format_curl_command(
        Request(
            method=str(event.get("method") or "GET"),
            url=str(event.get("url", "")),
            headers=tuple(headers.items()),
            body=_encode_traced_body(event.get("body"), headers.get("content-type", "")),
        )
    )


def _encode_traced_body(body: Any, content_type: str) -> bytes | None:
    """Return the bytes of *body*, which a trace holds in parsed form; None if it has no body."""
    if body is None:
        return None
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    if parse_media_type(content_type) == FORM and isinstance(body, Mapping):
        every = ((name, v if isinstance(v, list) else [v]) for name, v in body.items())
        return urlencode([(name, value) for name, values in every for value in values]).encode()
    return to_json(body).encode("utf-8", "replace")


CURL_FORMAT: Final = ForeignFormat(write=write_curl)
