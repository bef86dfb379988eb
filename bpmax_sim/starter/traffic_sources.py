"""Read the input of ``init --from``: consoles, recordings, curl commands, documents, scripts.

A curl command contains no response, so its call gets an empty object as response, and a note.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.i18n import label_message, msg, plural
from bpmax_sim.js_values import join_surrogates
from bpmax_sim.live.capture import remove_capture_lines
from bpmax_sim.live.console import (
    CapturedRun,
    contains_captured_records,
    decode_console,
    read_console,
)
from bpmax_sim.messages import FORM, Exchange, Response
from bpmax_sim.traffic.import_recording import read_file
from bpmax_sim.traffic.imported import ForeignExchanges, make_foreign_request
from bpmax_sim.yamlfile import to_display_path

_CURL: Final = re.compile(r"^\s*\$?\s*curl(\.exe)?\s", re.MULTILINE)
_PROGRAMS: Final = frozenset({"curl", "curl.exe"})
_ENDS: Final = frozenset({";", ";;", "|", "||", "&&", "&"})
_NEXT: Final = frozenset({"--next", "-:"})
_OPENAPI_IN_JSON: Final = re.compile(r"""(?m)^[\s{]*["']?(?:openapi|swagger)["']?\s*:""")
_OPENAPI_IN_YAML: Final = re.compile(r"""(?m)^["']?(?:openapi|swagger)["']?\s*:""")
_LARGEST_TEXT: Final = 1 << 24
"""Bytes of a console, commands, a document or a script; a recording may be larger."""
_VALUED: Final = {
    "-H": "header", "--header": "header", "-X": "method", "--request": "method", "-d": "data",
    "--data": "data", "--data-raw": "raw", "--data-binary": "data", "--data-ascii": "data",
    "--data-urlencode": "encoded", "-u": "user", "--user": "user", "-b": "Cookie",
    "--cookie": "Cookie", "-A": "User-Agent", "--user-agent": "User-Agent", "-e": "Referer",
    "--referer": "Referer", "--url": "url", "--json": "json", "-F": "part", "--form": "part",
    "-o": "", "--output": "", "-m": "", "--max-time": "", "--connect-timeout": "", "-x": "",
    "--proxy": "", "--cacert": "", "--capath": "", "-E": "", "--cert": "", "--cert-type": "",
    "--key": "", "--pass": "", "-w": "", "--write-out": "", "-c": "", "--cookie-jar": "", "-D": "",
    "--dump-header": "", "--stderr": "", "--trace": "", "--trace-ascii": "", "--retry": "",
    "--retry-delay": "", "--retry-max-time": "", "--max-redirs": "", "--limit-rate": "",
    "--max-filesize": "", "--resolve": "", "--connect-to": "", "--noproxy": "", "-U": "",
    "--proxy-user": "", "--interface": "", "--keepalive-time": "", "--tls-max": "", "--ciphers": "",
    "--form-string": "part", "-T": "upload", "--upload-file": "upload", "--oauth2-bearer": "bearer",
    "-r": "range", "--range": "range", "--socks4": "", "--socks5": "", "--socks5-hostname": "",
    "--preproxy": "", "--proxy-header": "", "--proxy-cacert": "", "--unix-socket": "",
    "--netrc-file": "", "--crlfile": "", "--key-type": "", "--pinnedpubkey": "", "--doh-url": "",
    "--dns-servers": "", "--local-port": "", "-C": "", "--continue-at": "", "-Y": "",
    "--speed-limit": "", "-y": "", "--speed-time": "", "--rate": "", "--expect100-timeout": "",
    "--url-query": "query", "-K": "config", "--config": "config",
    **dict.fromkeys((
        "--abstract-unix-socket", "--alt-svc", "--create-file-mode", "--curves", "--delegation",
        "--dns-interface", "--dns-ipv4-addr", "--dns-ipv6-addr", "--egd-file", "--engine",
        "--etag-compare", "--etag-save", "--happy-eyeballs-timeout-ms", "--haproxy-clientip",
        "--hsts", "--keepalive-cnt", "--libcurl", "--output-dir", "--parallel-max", "--proto",
        "--proto-default", "--proto-redir", "--proxy-capath", "--proxy-cert", "--proxy-cert-type",
        "--proxy-ciphers", "--proxy-crlfile", "--proxy-key", "--proxy-key-type", "--proxy-pass",
        "--proxy-pinnedpubkey", "--proxy-service-name", "--proxy-tls13-ciphers", "--random-file",
        "--request-target", "--service-name", "--socks5-gssapi-service", "-z", "--time-cond",
        "--tls13-ciphers", "--trace-config",
    ), ""),
}  # fmt: skip
"""Options of curl with a value, and what they are; those that say nothing of the request are ''."""

_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{1,4}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_LETTERS: Final = dict(zip("abefnrtv", "\a\b\x1b\f\n\r\t\v", strict=True))
"""Escapes of bash's ``$'…'`` by one letter; every other character stands for itself."""
_AT: Final = 1767196800.0  # commands have no time; that of imported recordings without one


class TrafficSources(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from the files given to `bpmax-sim init --from`.

    Attributes:
        name: name for a scenario made of them.
        file_names: names of the files for messages.
        traffic: exchanges, in order.
        runs: runs of scripts captured in a live BPMAX, from the saved output of its console.
        documents: paths of OpenAPI documents.
        script: texts of the ``.js`` files, joined: the script of which *runs* were captured.
    """

    name: str
    file_names: str
    traffic: ForeignExchanges
    runs: tuple[CapturedRun, ...] = ()
    documents: tuple[Path, ...] = ()
    script: str = ""


def read_sources(paths: Sequence[Path]) -> TrafficSources:
    """Return the content of all *paths*.

    Raises:
        ConfigError: if a file does not exist, or is of no known kind.
        CassetteError: if a recording cannot be read.
    """
    read = [_read_source(path) for path in paths]
    exchanges = (one for source in read for one in source.traffic.exchanges)
    notes = (note for source in read for note in source.traffic.notes)
    ordered = [replace(one, order=number) for number, one in enumerate(exchanges, 1)]
    return TrafficSources(
        name=paths[0].name.partition(".")[0],
        file_names=", ".join(path.name for path in paths),
        traffic=ForeignExchanges(tuple(ordered), tuple(notes)),
        runs=tuple(run for source in read for run in source.runs),
        documents=tuple(path for source in read for path in source.documents),
        script="".join(map(_end_last_line, (source.script for source in read))),
    )


def _end_last_line(script: str) -> str:
    """Return *script* with a line end, as a comment at its end would go on in the next script."""
    return script if script.endswith("\n") or not script else f"{script}\n"


def _read_source(path: Path) -> TrafficSources:
    if not path.is_file():
        raise ConfigError("--from {path}: there is no such file", path=to_display_path(path))
    if path.stat().st_size > _LARGEST_TEXT:
        return _read_large_source(path)
    text = decode_console(path.read_bytes())
    found = TrafficSources(name="", file_names="", traffic=ForeignExchanges(()))
    if path.suffix == ".js":
        return replace(found, script=remove_capture_lines(text))
    if contains_captured_records(text):
        runs = read_console(text)
        if any(one.begin_record.get("kind") for one in runs):
            raise ConfigError(
                "{path}: it tells what a live BPMAX does, and no script; read it with: "
                "bpmax-sim calibrate FILE",
                path=to_display_path(path),
            )
        notes = [note for run in runs for note in run.notes]
        return replace(
            found,
            runs=runs,
            traffic=_prefix_notes_with_file(path, ForeignExchanges((), tuple(notes))),
        )
    if _CURL.search(_join_continued_lines(text)) and not text.lstrip().startswith(
        ("{", "[", "version:")
    ):
        return replace(found, traffic=_prefix_notes_with_file(path, read_curl(text)))
    if _is_openapi_document(text):
        return replace(found, documents=(path,))
    return replace(found, traffic=_prefix_notes_with_file(path, read_file(path).imported))


def _is_openapi_document(text: str) -> bool:
    """Return whether *text* says at its top which version of OpenAPI or Swagger it is of.

    Where keys are sorted, that stands behind all schemas, and in JSON perhaps on the same line.
    """
    if not text.lstrip().startswith("{"):
        return _OPENAPI_IN_YAML.search(text) is not None
    try:
        return not {"openapi", "swagger"}.isdisjoint(json.loads(text))
    except (ValueError, RecursionError):  # who reads the document says what is wrong
        return _OPENAPI_IN_JSON.search(text[:65_536]) is not None


def _read_large_source(path: Path) -> TrafficSources:
    """Return the exchanges of the large file at *path*, which has to be a recording.

    Raises:
        ConfigError: if it is a script.
        CassetteError: if it is no recording, or one that cannot be read.
    """
    limit = msg(
        "larger than {largest} MB, which only a recording may be", largest=_LARGEST_TEXT >> 20
    )
    if path.suffix == ".js":
        raise ConfigError(label_message(to_display_path(path), limit))
    try:
        imported = read_file(path).imported
    except CassetteError as error:
        raise CassetteError("{reason} ({limit})", reason=error, limit=limit) from error
    traffic = _prefix_notes_with_file(path, imported)
    return TrafficSources(name="", file_names="", traffic=traffic)


def _prefix_notes_with_file(path: Path, exchanges: ForeignExchanges) -> ForeignExchanges:
    """Return *exchanges* with the name of its file *path* in front of each note."""
    notes = [label_message(to_display_path(path), note) for note in exchanges.notes]
    return ForeignExchanges(exchanges.exchanges, tuple(notes))


def read_curl(text: str) -> ForeignExchanges:
    """Return the requests of curl commands, such as those of a browser's *Copy as cURL*.

    Each gets an empty JSON object as response, which a note says.

    Raises:
        ConfigError: if a command cannot be read; the message has its number.
    """
    exchanges: list[Exchange] = []
    for command in _split_curl_commands(_join_continued_lines(text)):
        try:
            requests = list(_split_shell_words(_replace_ansi_quotes(command)))
        except ValueError as error:
            raise ConfigError(
                "curl command {number}: its quotes do not match ({error}); "
                "copy it as 'cURL (bash)'",
                number=len(exchanges) + 1,
                error=str(error),
            ) from None
        for words in requests:
            exchanges.append(_parse_curl_words(words, len(exchanges) + 1))
    note = plural(
        len(exchanges),
        "{number} curl command says nothing of its response: it is answered with {{}}",
        "{number} curl commands say nothing of their responses: they are answered with {{}}",
    )
    return ForeignExchanges(tuple(exchanges), (note,))


def _join_continued_lines(text: str) -> str:
    """Return *text* without the line ends after which a command goes on."""
    # That is after a backslash in bash, and after ^ in cmd.exe.
    return re.sub(r"[\\^]\r?\n", " ", text)


def _split_curl_commands(text: str) -> Iterator[str]:
    starts = [found.start() for found in _CURL.finditer(text)]
    for start, end in zip(starts, [*starts[1:], None], strict=False):
        yield text[start:end].strip().removeprefix("$").strip().rstrip(";& \n")


def _split_shell_words(command: str) -> Iterator[list[str]]:
    """Yield the words of each request in *command*, which begins with curl.

    A shell ends a command at ``;``, ``|`` and ``&&``, behind which another one may follow; curl
    itself begins another request at ``--next``.

    Raises:
        ValueError: if the quotes do not match.
    """
    lexer = shlex.shlex(command, posix=True, punctuation_chars=";|")
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in _ENDS and word not in _NEXT:
            words.append(word)
            continue
        if words and words[0] in _PROGRAMS:
            yield words
            words = [words[0]] if word in _NEXT else []
        else:
            words = []


def _replace_ansi_quotes(command: str) -> str:
    """Return *command* with bash's ``$'…'`` replaced by ordinary quotes."""

    def unescape(found: re.Match[str]) -> str:
        escape = found[1]
        code = escape[1:]
        return chr(int(code, 16)) if code else _LETTERS.get(escape, escape)

    # In one pass: the ``n`` of an escaped backslash and an ``n`` is no line feed. Browsers write a
    # character beyond U+FFFF as two halves.
    return re.sub(
        r"\$'((?:[^'\\]|\\.)*)'",
        lambda found: shlex.quote(join_surrogates(_ESCAPE.sub(unescape, found[1]))),
        command,
        flags=re.DOTALL,
    )


def _format_basic(user: str) -> str:
    pair = user if ":" in user else f"{user}:"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


_MADE_HEADERS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "user": ("Authorization", _format_basic),
    "bearer": ("Authorization", "Bearer {}".format),
    "range": ("Range", "bytes={}".format),
    "User-Agent": ("User-Agent", str),
    "Referer": ("Referer", str),
}
"""What an option is, as `_VALUED` says, and the header that it makes: name, and its value."""


_FROM_FILES: Final = {"upload": "--upload-file", "config": "--config"}
"""Options whose value is always the name of a file."""


class _CurlCommand:
    """Collects the request of one curl command from its words.

    Attributes:
        headers: those of ``-H``.
        usual_headers: those that other options make, unless ``-H`` names them.
        named: names in ``-H`` in lower case, also of headers that are to be left out.
        data: text of the body, or None without one.
        query: what ``--url-query`` adds to that of the address.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.method, self.url = "", ""
        self.headers: list[tuple[str, str]] = []
        self.usual_headers: dict[str, str] = {}
        self.named: set[str] = set()
        self.data: str | None = None
        self.query: list[str] = []
        self.is_get = False

    def read_option(self, kind: str, value: str) -> None:
        """Apply an option that has a *value*.

        *kind* says what the value is, such as ``header``: one of the values of `_VALUED`.
        """
        if kind in _MADE_HEADERS:
            name, format_value = _MADE_HEADERS[kind]
            self.usual_headers[name] = format_value(value)
            return
        if kind in _FROM_FILES:
            raise self._make_file_error(_FROM_FILES[kind], value)
        readers = {
            "header": self._read_header, "Cookie": self._read_cookies, "query": self._read_query,
        }  # fmt: skip
        if kind in readers:
            readers[kind](value)
            return
        match kind:
            case "method":
                self.method = value.upper()
            case "url":
                self.url = value
            case "part":
                raise ConfigError(
                    "curl command {number}: a body of several parts (-F) cannot be drafted; "
                    "take it out",
                    number=self.number,
                )
            case _:
                self._read_data(kind, value)

    def _read_header(self, value: str) -> None:
        if value.startswith("@"):
            raise self._make_file_error("--header", value[1:])
        name, colon, text = value.partition(":")
        is_empty = not colon and name.rstrip().endswith(";")  # curl writes one without a value so
        name = name.rstrip().removesuffix(";").strip() if is_empty else name.strip()
        if not name or not (colon or is_empty):
            return  # curl leaves out what is no header
        self.named.add(name.lower())
        if text.strip() or is_empty:  # and one that it is to leave out has a colon alone
            self.headers.append((name, text.strip()))

    def _read_cookies(self, value: str) -> None:
        if "=" not in value:
            raise self._make_file_error("--cookie", value)
        former = self.usual_headers.get("Cookie")  # several are one header
        self.usual_headers["Cookie"] = f"{former};{value}" if former else value

    def _read_query(self, value: str) -> None:
        is_encoded = value.startswith("+")
        self.query.append(value[1:] if is_encoded else self._encode_pair("--url-query", value))

    def _read_data(self, kind: str, value: str) -> None:
        if kind in {"data", "json"} and value.startswith("@"):
            raise self._make_file_error("--data", value[1:])
        if kind == "encoded":
            value = self._encode_pair("--data-urlencode", value)
        elif kind == "json":
            self.usual_headers |= dict.fromkeys(("Content-Type", "Accept"), "application/json")
        if kind:  # a text of --json is joined as it is
            glue = "" if self.data is None or kind == "json" else "&"
            self.data = f"{self.data or ''}{glue}{value}"

    def _encode_pair(self, option: str, value: str) -> str:
        """Return *value*, ``name=text`` or a text alone, with its text percent-encoded."""
        name, equals, text = value.partition("=")
        if not equals and "@" in value:
            raise self._make_file_error(option, value.partition("@")[2])
        encoded = quote(text if equals else value, safe="")
        return f"{name}={encoded}" if name and equals else encoded

    def _make_file_error(self, option: str, name: str) -> ConfigError:
        return ConfigError(
            "curl command {number}: {option} takes its value from the file {name!r}; "
            "write the value out",
            number=self.number,
            option=option,
            name=name,
        )

    def read_flag_or_address(self, word: str) -> None:
        """Apply a word without value: a flag such as ``-G``, or the address."""
        if word in {"-G", "--get"}:
            self.is_get = True
        elif word in {"-I", "--head"}:
            self.method = self.method or "HEAD"
        elif not word.startswith("-"):
            self.url = self.url or word

    def to_exchange_with_empty_response(self) -> Exchange:
        """Return the request with an empty JSON object as response, since none is known.

        Raises:
            ConfigError: if the command has no HTTP address.
        """
        if not _is_http_address(self.url):
            raise ConfigError(
                "curl command {number}: it has no http:// or https:// address", number=self.number
            )
        # curl sends no fragment, and puts the data of -G before it.
        url = self.url.partition("#")[0]
        body = None if self.data is None else self.data.encode()
        added = [*self.query]
        if self.is_get and body is not None:
            added, body = [*added, body.decode()], None
        for text in filter(None, added):
            path, _, query = url.partition("?")
            glue = "&" if query and not query.endswith("&") else ""
            url = f"{path}?{query}{glue}{text}"
        usual = {**({} if body is None else {"Content-Type": FORM}), **self.usual_headers}
        made = [
            (name, value)
            for name, value in usual.items()
            if value and name.lower() not in self.named
        ]
        method = self.method or ("GET" if body is None else "POST")
        answered = Response(status=200, headers=(("content-type", "application/json"),), body=b"{}")
        request = make_foreign_request(method, url, (*self.headers, *made), body)
        return Exchange(request=request, outcome=answered, at=_AT + self.number, order=self.number)


def _is_http_address(url: str) -> bool:
    """Return whether *url* is one of HTTP with a host, and with a port that there is."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != -1
    except ValueError:  # of an IPv6 address without its bracket, or of a port that is no number
        return False


def _parse_curl_words(words: Sequence[str], number: int) -> Exchange:
    command, values = _CurlCommand(number), iter(words[1:])
    for word in values:
        for option, attached in _split_curl_word(word):
            if option in _VALUED:
                value = next(values, "") if attached is None else attached
                command.read_option(_VALUED[option], value)
            else:
                command.read_flag_or_address(option)
    return command.to_exchange_with_empty_response()


def _split_curl_word(word: str) -> Iterator[tuple[str, str | None]]:
    """Yield the options in one word of a curl command, each with its value if that is attached.

    ``-sXPOST`` is ``-s`` and ``-X`` with ``POST``. A word that is no option is yielded as it is.
    """
    if word.startswith("--") or not word.startswith("-"):
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        yield option, value if equals else None
        return
    for at, letter in enumerate(word[1:], 2):
        option = f"-{letter}"
        if option in _VALUED:
            yield option, word[at:] or None
            return
        yield option, None
