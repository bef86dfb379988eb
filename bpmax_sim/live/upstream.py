"""The third party behind a recording proxy: what is changed on the way to it and back.

In requests: the address, ``Host``, the headers of the connection (RFC 9110, 7.6.1), and ``Via``, by
which a proxy recognises its own requests (7.6.3). In responses: ``Location``, and the host in
cookies; cookies that browsers would refuse get a second name, which is taken back in requests.
Everything else is forwarded unchanged.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Container, Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import (
    DEFAULT_PORTS,
    Headers,
    Pairs,
    parse_cookies,
    parse_origin,
    parse_set_cookie,
    strip_credentials_and_query,
)

_OF_CONNECTION: Final = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
_TLS_ONLY: Final = ("__host-", "__secure-", "__http-")
"""How names of cookies begin that browsers accept only with ``Secure`` (RFC 6265bis, 4.1.3)."""
_TWIN: Final = "proxied-"
_AUTHORITY: Final = re.compile(r"\A[^/?#]*//[^/?#]*")
_LOCATIONS: Final = frozenset({"location", "content-location"})


class UpstreamUrl(msgspec.Struct, frozen=True, kw_only=True):
    """The address of the third party to which the recording proxy forwards requests.

    Attributes:
        origin: scheme, host and port, as written by the user.
        path: prefix of each path, without a slash at the end.
    """

    origin: str
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> UpstreamUrl:
        """Return the upstream at *url*.

        Raises:
            ConfigError: if *url* is not an address, or has more than origin and path.
        """
        if "@" in url or "\uff20" in url:  # which then stands in no message
            raise ConfigError(
                "--upstream: the address holds a user name; leave it out, clients log in themselves"
            )
        shown = strip_credentials_and_query(url)
        parts = None
        with suppress(ValueError):
            split = urlsplit(url)
            split.port  # noqa: B018 - it raises where it is no number
            parts = split
        is_http = parts is not None and parts.scheme in DEFAULT_PORTS
        if parts is None or not (is_http and parts.hostname and url.isascii()):
            raise ConfigError("--upstream {url}: expected http://… or https://…", url=shown)
        if parts.query or parts.fragment:
            raise ConfigError(
                "--upstream {origin}: the address has a query or a fragment; leave it out",
                origin=shown,
            )
        origin = f"{parts.scheme}://{parts.netloc}"
        return cls(origin=origin, path=parts.path.rstrip("/"))

    @property
    def url(self) -> str:
        """Return the whole address."""
        return f"{self.origin}{self.path}"

    @property
    def host(self) -> str:
        """Return host and port in the form of the header ``Host``."""
        return urlsplit(self.origin).netloc

    @property
    def host_name(self) -> str:
        """Return the host alone."""
        return urlsplit(self.origin).hostname or ""

    @property
    def port(self) -> int:
        """Return the port of the address, else the default port of its scheme."""
        parts = urlsplit(self.origin)
        return parts.port or DEFAULT_PORTS[parts.scheme]

    def is_served_here(self, port: int) -> bool:
        """Return whether the upstream is *port* of this machine, under whatever name."""
        # Names, /etc/hosts and addresses of other interfaces lead here as well, so the name alone
        # does not tell.
        if port != self.port:
            return False
        try:
            found = socket.getaddrinfo(self.host_name, None, type=socket.SOCK_STREAM)
        except OSError:
            return False
        return any(_is_local(family, address[0]) for family, _, _, _, address in found)


def _is_local(family: int, address: object) -> bool:
    """Return whether *address* belongs to this machine, by trying to bind a socket to it."""
    with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.bind((address, 0))
        return True
    return False


def replace_host_and_add_via(headers: Pairs, upstream: UpstreamUrl, via: str) -> Pairs:
    """Return a client's *headers* as they are sent to the upstream, in their order and spelling.

    ``Host`` is replaced, *via* is added, headers about the client's connection are left out.
    """
    kept = _remove_connection_headers(headers)
    sent = [(n, upstream.host if n.lower() == "host" else v) for n, v in kept]
    return (*sent, ("Via", via))


def adapt_response_headers(headers: Pairs, upstream: UpstreamUrl, proxy_url: str) -> Pairs:
    """Return the upstream's response *headers* as they are sent to the client.

    Addresses and cookies of the upstream are changed to the proxy's address *proxy_url*, which the
    client calls.
    """
    # Alt-Svc would lead the client past the proxy (RFC 7838).
    kept = [pair for pair in _remove_connection_headers(headers) if pair[0].lower() != "alt-svc"]
    return tuple(
        [
            (name, text)
            for name, written in kept
            for text in _rewrite_header(name.lower(), written, upstream, proxy_url)
        ]
    )


def restore_cookie_names(headers: Pairs) -> Pairs:
    """Return a client's *headers* with the names of cookies that the upstream gave them.

    A cookie named ``__Secure-x``, which browsers refuse without TLS, was sent to the client as
    ``proxied-__Secure-x`` as well. If it comes back under both names, it is sent once.
    """
    return tuple(
        [
            (name, "; ".join(_restore_cookies(value)) if name.lower() == "cookie" else value)
            for name, value in headers
        ]
    )


def _restore_cookies(line: str) -> Iterator[str]:
    cookies = parse_cookies(line)
    names = {cookie.name for cookie in cookies}
    for cookie in cookies:
        original = cookie.name.removeprefix(_TWIN)
        if original == cookie.name or not original.lower().startswith(_TLS_ONLY):
            yield cookie.text
        elif original not in names:
            yield cookie.text.removeprefix(_TWIN)


def _remove_connection_headers(headers: Pairs) -> Pairs:
    lines = Headers(headers).get_all("connection")
    # RFC 9110, 7.6.1: what `Connection` names is for this hop, too.
    named = {name.strip().lower() for line in lines for name in line.split(",")}
    hidden: Container[str] = _OF_CONNECTION | named
    return Headers(headers).without(hidden)


def _rewrite_header(name: str, text: str, upstream: UpstreamUrl, proxy_url: str) -> Iterator[str]:
    """Yield the values that a client gets for the header *name* with the value *text*.

    It is one value, with the proxy's address in place of the upstream's; two for a cookie that
    browsers refuse without TLS (``__Secure-x``): it is sent under a second name, too.
    """
    if name in _LOCATIONS:
        yield rewrite_location(text, upstream, proxy_url)
    elif name != "set-cookie":
        yield text
    else:
        cookie = rewrite_cookie(text, upstream, proxy_url)
        yield cookie
        # Without TLS browsers refuse such a name; other clients take it and look for it.
        if parse_set_cookie(cookie).name.lower().startswith(_TLS_ONLY):
            yield f"{_TWIN}{cookie.lstrip()}"


def rewrite_location(location: str, upstream: UpstreamUrl, proxy_url: str) -> str:
    """Return *location* with *proxy_url* in place of the upstream's address, if it is below that.

    An absolute path that is not below it becomes a whole address of *upstream*; anything else is
    unchanged.
    """
    absolute = location
    if location.startswith("//"):
        absolute = f"{upstream.origin.partition(':')[0]}:{location}"
    elif location.startswith("/"):
        absolute = f"{upstream.origin}{location}"
    is_origin = parse_origin(absolute) == parse_origin(upstream.origin)
    # A query may follow the host at once (RFC 3986, 3.2), and may hold slashes.
    rest = _AUTHORITY.sub("", absolute)
    path = re.split("[?#]", rest)[0]
    # A path beside the prefix of the upstream has no address below the proxy: the client gets the
    # whole address of the upstream, and leaves the proxy.
    if not is_origin or not f"{path}/".startswith(f"{upstream.path}/"):
        return absolute if location.startswith("/") else location
    return f"{proxy_url}{rest[len(upstream.path) :]}"


def rewrite_cookie(line: str, upstream: UpstreamUrl, proxy_url: str) -> str:
    """Return a ``Set-Cookie`` line that a client accepts from *proxy_url*, which has no TLS.

    ``Domain`` is removed if it covers the upstream, and ``Secure`` with everything that requires
    it; ``Path`` is put below *proxy_url*.
    """
    below = urlsplit(proxy_url).path.rstrip("/")
    cookie = parse_set_cookie(line)
    pair = line[: len(line) - len(cookie.attributes)]
    return ";".join([pair, *_rewrite_cookie_attributes(cookie.attribute_texts, upstream, below)])


def _rewrite_cookie_attributes(
    attributes: list[str], upstream: UpstreamUrl, below: str
) -> Iterator[str]:
    for attribute in attributes:
        name, equals, value = attribute.partition("=")
        key, text = name.strip().lower(), value.strip()
        # RFC 6265, 5.1.3: a domain covers itself and the hosts below it; a leading dot has no
        # meaning (5.2.3). Without Domain the cookie is that of the host the client knows: the
        # proxy.
        is_own = f".{upstream.host_name}".endswith(f".{text.lower().lstrip('.')}")
        is_dropped = (
            key in {"secure", "partitioned"}  # browsers ignore Partitioned without Secure
            or (key == "domain" and is_own)
            or (key == "samesite" and text.lower() == "none")  # needs Secure
        )
        # What does not begin with a slash is no path (RFC 6265, 5.2.4).
        is_path = key == "path" and text.startswith("/")
        if is_path and f"{text}/".startswith(f"{upstream.path}/"):
            yield f"{name}{equals}{below + text[len(upstream.path) :] or '/'}"
        elif not is_dropped:
            yield attribute
