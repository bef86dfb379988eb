"""HTTP Digest authentication (RFC 7616; without ``qop`` as in RFC 2617): answer a challenge.

Each request needs a digest over its own method and target, the server's nonce, a client nonce and
the number of requests that used the server's nonce. All of these are arguments, so the same
arguments give the same header.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from bpmax_sim.platform.encodings import FilterError, percent_encode, to_octets, to_text

_ALGORITHMS: Final[Mapping[str, Callable[..., hashlib._Hash]]] = {
    "SHA-256": hashlib.sha256,
    "MD5": hashlib.md5,
}
"""Those that are answered, the strongest first; a server may offer several (RFC 7616, 3.7)."""

_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][\w-]*)(?=\s+[\w-]+\s*=|\s*(?:,|$))")
_PARAMETER = re.compile(r"([\w*-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]+))")
_ESCAPE = re.compile(r"\\(.)")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"")


class Challenge(msgspec.Struct, frozen=True):
    """A ``Digest`` challenge of a server (RFC 7616).

    Attributes:
        algorithm: its name without ``-sess``.
        is_session: whether the name ends with ``-sess``.
        qops: offered protections, such as ``auth``; ``("",)`` if the server names none.
        hides_user: whether a hash of the user's name is sent in its place (``userhash``).
    """

    realm: str
    nonce: str
    opaque: str | None
    algorithm: str
    is_session: bool
    qops: tuple[str, ...]
    hides_user: bool


def parse_challenges(header: str) -> list[Challenge]:
    """Return the ``Digest`` challenges of a ``WWW-Authenticate`` value.

    Other schemes are left out.
    """
    # A comma separates challenges, but also the parameters of one, and may stand within quotes. So
    # a challenge begins at a word that a parameter follows, outside of quotes (RFC 9110, 11.6.1).
    starts = [match for match in _SCHEME.finditer(header) if not _is_quoted(header, match.start())]
    ends = [match.start() for match in starts[1:]] + [len(header)]
    challenges = []
    for start, end in zip(starts, ends, strict=False):
        if start[1].lower() != "digest":
            continue
        parameters = _read_parameters(header[start.end() : end])
        name = parameters.get("algorithm", "MD5").upper()
        challenges.append(
            Challenge(
                realm=parameters.get("realm", ""),
                nonce=parameters.get("nonce", ""),
                opaque=parameters.get("opaque"),
                algorithm=name.removesuffix("-SESS"),
                is_session=name.endswith("-SESS"),
                qops=tuple(part.strip().lower() for part in parameters.get("qop", "").split(",")),
                hides_user=parameters.get("userhash", "").lower() == "true",
            )
        )
    return challenges


def make_digest_authorization(  # noqa: PLR0913, PLR0917 - the parts of RFC 7616, 3.4
    challenge: object,
    username: object,
    password: object,
    method: object,
    target: object,
    client_nonce: object,
    count: object = 1,
) -> str:
    """Return the value of ``Authorization`` that answers *challenge*.

    Args:
        challenge: value of ``WWW-Authenticate``; several are joined by a comma.
        username: user name of the account.
        password: password of the account.
        method: method of the request.
        target: path and query of the request, as sent.
        client_nonce: text that is different in every request.
        count: number of requests that used this challenge's nonce, this one included; a text is
            hexadecimal, as taken from another header.

    Raises:
        FilterError: if there is no ``Digest`` challenge that can be answered.
    """
    chosen = _choose_challenge(parse_challenges(to_text(challenge)))
    user, nonce = to_text(username), chosen.nonce
    cnonce, uri = to_text(client_nonce), to_text(target)

    def digest(value: str) -> str:
        return _ALGORITHMS[chosen.algorithm](to_octets(value)).hexdigest()

    # RFC 7616, 3.4.1 to 3.4.4. The hash of the password always takes the user's name itself, also
    # where ``userhash`` hides it in the header. A server of RFC 2069 offers no qop: its response is
    # made without count and client nonce, which only ``-sess`` needs then.
    secret = digest(f"{user}:{chosen.realm}:{to_text(password)}")
    if chosen.is_session:
        secret = digest(f"{secret}:{nonce}:{cnonce}")
    request = digest(f"{to_text(method)}:{uri}")
    number = (
        f"{int(to_text(count)):08x}" if isinstance(count, int) else to_text(count).rjust(8, "0")
    )
    has_qop = "auth" in chosen.qops
    middle = f"{nonce}:{number}:{cnonce}:auth" if has_qop else nonce
    parts = [
        _format_username_parameter(digest(f"{user}:{chosen.realm}") if chosen.hides_user else user),
        f'realm="{_escape_quoted_string(chosen.realm)}"',
        f'nonce="{_escape_quoted_string(nonce)}"',
        f'uri="{_escape_quoted_string(uri)}"',
        f'response="{digest(f"{secret}:{middle}:{request}")}"',
        f"algorithm={chosen.algorithm}{'-sess' if chosen.is_session else ''}",
    ]
    if has_qop:
        parts += ["qop=auth", f"nc={number}", f'cnonce="{_escape_quoted_string(cnonce)}"']
    elif chosen.is_session:
        parts.append(f'cnonce="{_escape_quoted_string(cnonce)}"')
    if chosen.opaque is not None:
        parts.append(f'opaque="{_escape_quoted_string(chosen.opaque)}"')
    if chosen.hides_user:
        parts.append("userhash=true")
    return "Digest " + ", ".join(parts)


def read_digest_authorization(header: str) -> dict[str, str]:
    """Return the parameters of an ``Authorization: Digest`` value; empty for another scheme."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest":
        return {}
    return _read_parameters(rest)


def _read_parameters(text: str) -> dict[str, str]:
    return {
        name.lower(): _ESCAPE.sub(r"\1", quoted) if quoted else plain
        for name, quoted, plain in _PARAMETER.findall(text)
    }


def _choose_challenge(challenges: list[Challenge]) -> Challenge:
    """Return the challenge that is answered: of a supported algorithm, with ``qop=auth`` or none.

    Raises:
        FilterError: if there is none.
    """
    if not challenges:
        raise FilterError("the server sent no Digest challenge in WWW-Authenticate")
    fitting = [challenge for challenge in challenges if challenge.algorithm in _ALGORITHMS]
    if not fitting:
        names = ", ".join(challenge.algorithm for challenge in challenges)
        raise FilterError(
            "the server asks for the Digest algorithm {names}; MD5 and SHA-256 are there",
            names=names,
        )
    answerable = [each for each in fitting if "auth" in each.qops or not any(each.qops)]
    if not answerable:
        raise FilterError(
            "the server asks for Digest with qop={names} alone, which also signs the body and is "
            "not supported; have it offer qop=auth",
            names=", ".join(fitting[0].qops),
        )
    ranks = list(_ALGORITHMS)
    chosen = min(answerable, key=lambda challenge: ranks.index(challenge.algorithm))
    # They are returned as they came, and header values of this package are visible ASCII.
    if not f"{chosen.realm}{chosen.nonce}{chosen.opaque or ''}".isascii():
        raise FilterError(
            "the Digest challenge holds characters beyond ASCII, which no request can send back; "
            "have the server name its realm in ASCII"
        )
    return chosen


def _format_username_parameter(user: str) -> str:
    if user.isascii():
        return f'username="{_escape_quoted_string(user)}"'
    return f"username*=UTF-8''{percent_encode(user)}"  # RFC 7616, 3.4.4


def _escape_quoted_string(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _is_quoted(text: str, index: int) -> bool:
    """Return whether the character at index *index* of *text* is inside a quoted string."""
    return '"' in _QUOTED.sub("", text[:index])
