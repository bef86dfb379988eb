"""The cookies of one login, kept over its steps and redirects as RFC 6265 says.

A jar lives as long as its login and belongs to one instance, so that a server session of one
account is never used for another. A cookie that a server sets for a foreign domain is refused and
remembered, so that the error of a login without its cookie can say why.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import msgspec

from bpmax_sim.messages import Headers, Pairs, parse_set_cookie, read_http_date

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_MOST: Final = 200
"""Cookies of one login; browsers keep about as many for a site."""


class _StoredCookie(msgspec.Struct, frozen=True):
    """A cookie, and to which addresses it is sent (RFC 6265, 5.3).

    Attributes:
        domain: host in lower case; includes its subdomains unless *is_host_only*.
        expires: instant of the auth clock; None if it lives until the end of the login.
    """

    name: str
    value: str
    domain: str
    path: str
    is_host_only: bool
    is_secure: bool
    expires: float | None

    def fits_host(self, host: str) -> bool:
        # An IP address has no parent domains (RFC 6265, 5.1.3): "0.0.1" is only the end of
        # "127.0.0.1".
        if self.is_host_only or _is_ip_address(host):
            return host == self.domain
        return host == self.domain or host.endswith(f".{self.domain}")

    def fits(self, url: str) -> bool:
        parts = urlsplit(url)
        host, path = (parts.hostname or "").lower(), parts.path or "/"
        in_path = path == self.path or path.startswith(self.path.rstrip("/") + "/")
        # Browsers take loopback for secure without TLS; else no test server could log anybody in.
        is_safe = not self.is_secure or parts.scheme == "https" or host in _LOOPBACK
        return self.fits_host(host) and in_path and is_safe


class CookieJar:
    """The cookies that the responses of a login have set; one for each name, domain and path.

    Attributes:
        refused: names of refused cookies, each with the foreign domain that it was set for.
    """

    def __init__(self) -> None:
        """Start without cookies."""
        self._cookies: dict[tuple[str, str, str], _StoredCookie] = {}
        self.refused: dict[str, str] = {}

    def store(self, headers: Pairs, url: str, now: float) -> None:
        """Store the cookies that a response to *url* sets in *headers*, received at instant *now*.

        One that has expired already is removed instead: so servers delete cookies.
        """
        sent_at = read_http_date(Headers(headers).get_first("date") or "")
        for line in Headers(headers).get_all("set-cookie"):
            cookie = self._read(line, url, sent_at, now)
            if cookie is None:
                continue
            key = cookie.name, cookie.domain, cookie.path
            self._cookies.pop(key, None)  # the latest stands last
            is_over = cookie.expires is not None and cookie.expires <= now
            if not is_over and len(self._cookies) < _MOST:
                self._cookies[key] = cookie

    def find_cookies_for_url(self, url: str) -> Pairs:
        """Return names and values of the cookies for a request to *url*, longer paths first.

        The order is that of RFC 6265, 5.4.
        """
        fitting = [cookie for cookie in self._cookies.values() if cookie.fits(url)]
        # The sort is stable: of equal paths the earlier cookie stays first (RFC 6265, 5.4).
        fitting.sort(key=lambda cookie: -len(cookie.path))
        return tuple((cookie.name, cookie.value) for cookie in fitting)

    def find_cookies_for_host(self, url: str) -> Pairs:
        """Return names and values of the cookies for the host of *url*, also of other paths.

        A login that yields ``cookies``, a whole Cookie header for later calls, takes these.
        """
        host = (urlsplit(url).hostname or "").lower()
        fitting = [cookie for cookie in self._cookies.values() if cookie.fits_host(host)]
        return tuple({cookie.name: cookie.value for cookie in fitting}.items())

    def find_value(self, name: str) -> str | None:
        """Return the value of the cookie *name* that was set last; None if there is none."""
        values = [cookie.value for cookie in self._cookies.values() if cookie.name == name]
        return values[-1] if values else None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the domains of the cookies."""
        return tuple(dict.fromkeys(cookie.domain for cookie in self._cookies.values()))

    def _read(self, line: str, url: str, sent_at: float | None, now: float) -> _StoredCookie | None:
        cookie, parts = parse_set_cookie(line), urlsplit(url)
        attributes = cookie.attributes_by_name
        host = (parts.hostname or "").lower()
        domain = attributes.get("domain", "").lower().removeprefix(".")
        if not cookie.name or "=" not in cookie.text.removesuffix(cookie.attributes):
            return None  # as RFC 6265, 5.2 says of a line without an equals sign
        if domain and not _may_set_for(host, domain):
            self.refused[cookie.name] = domain
            return None
        path = attributes.get("path", "")
        if not path.startswith("/"):
            path = (parts.path or "/").rpartition("/")[0] or "/"  # 5.1.4: the folder of the request
        return _StoredCookie(
            name=cookie.name,
            value=cookie.value,
            domain=domain or host,
            path=path,
            is_host_only=not domain or (domain == host and _is_ip_address(host)),
            is_secure="secure" in attributes,
            expires=_compute_expiry(attributes, sent_at, now),
        )


def format_cookies(pairs: Pairs) -> str:
    """Return the value of a ``Cookie`` header."""
    return "; ".join(f"{name}={value}" for name, value in pairs)


def _may_set_for(host: str, domain: str) -> bool:
    """Return whether *host* may set a cookie for *domain*: its own domain or a parent of it.

    A domain without a dot, such as ``cn``, is a public suffix and refused. The list of longer
    public suffixes is not needed, since a jar meets the hosts of one login only.
    """
    if host == domain:
        return True
    return "." in domain and not _is_ip_address(host) and host.endswith(f".{domain}")


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _compute_expiry(
    attributes: Mapping[str, str], sent_at: float | None, now: float
) -> float | None:
    """Return the instant at which a cookie expires; None if it declares no end.

    Without an end it lives until the end of the login. ``Max-Age`` wins over ``Expires`` (RFC 6265,
    5.3).

    ``Expires`` is compared with *sent_at*, the ``Date`` header of the same response, and not with
    our clock (*now*): a recording is replayed at another time.
    """
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isdecimal():
        return now + max(float(age), 0.0)  # of more digits than Python makes a whole number of
    end = read_http_date(attributes.get("expires", ""))
    return None if end is None else end - (now if sent_at is None else sent_at) + now
