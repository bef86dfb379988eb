"""Logins as third parties judge them, and the signature of a response; all written once more."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote_plus

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from msgspec.structs import replace

from bpmax_sim.messages import Request, Response
from bpmax_sim.strategies.platforms import get_private_key

JSON = (("Content-Type", "application/json"),)
Values = Mapping[str, str]
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Books(Protocol):
    """What a third party knows of the tokens that it has given."""

    ttl: float
    tickets: dict[str, str]

    def token(self, instance: str) -> str: ...


def reply(value: Any, status: int = 200) -> Response:
    """Return an answer of JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status=status, headers=JSON, body=body, elapsed=0.25)


def grant(request: Request, values: Values, books: Books) -> Response | None:
    """Return what a login of the instance with *values* is granted; None where it is refused."""
    assert request.call is not None
    path = request.url.partition("?")[0]
    judge = next((_JUDGES[end] for end in _JUDGES if path.endswith(end)), None)
    return None if judge is None else judge(request, values, books)


def _plain(request: Request, values: Values, books: Books) -> Response | None:
    """Judge ``/login``: a form of both for the drawn logins, JSON for the preset login_token."""
    body = (request.body or b"").decode()
    if _media(request) == "application/json":
        is_right = json.loads(body) == {"username": values["user"], "password": values["secret"]}
        return _token(request, books, "token") if is_right else None
    if parse_qs(body, strict_parsing=True) != {name: [one] for name, one in values.items()}:
        return None
    if not _has_second_step(request):
        return _token(request, books, "token")
    assert request.call is not None
    ticket = f"ticket-{len(books.tickets)}-{request.call.instance}".encode().hex()
    books.tickets[ticket] = request.call.instance
    return reply({"ticket": ticket, "token": "no-token-yet"})


def _has_second_step(request: Request) -> bool:
    return any(place.name == "ticket" for place in request.sensitive)


def _second(request: Request, _values: Values, books: Books) -> Response | None:
    assert request.call is not None
    said = json.loads(request.body or b"")
    known = set(said) == {"ticket"} and books.tickets.get(said["ticket"]) == request.call.instance
    return _token(request, books, "token") if known else None


def _oauth(request: Request, values: Values, books: Books) -> Response | None:
    form = {k: v[0] for k, v in parse_qs((request.body or b"").decode()).items()}
    judge = {"client_credentials": _is_client, "refresh_token": _is_refresh, JWT: _is_assertion}
    is_right = judge[form["grant_type"]](request, form, values)
    return _token(request, books, "access_token") if is_right else None


def _is_client(request: Request, form: dict[str, str], values: Values) -> bool:
    if "client_id" in form:
        said = form["client_id"], form["client_secret"], form.get("scope"), _header(request)
        return said == (values["user"], values["secret"], "crm", None)
    return _shown(request) == [values["user"], values["secret"]] and set(form) == {"grant_type"}


def _is_refresh(request: Request, form: dict[str, str], values: Values) -> bool:
    own = [values["user"], values["user"]]
    return _shown(request) == own and form["refresh_token"] == values["secret"]


def _shown(request: Request) -> list[str]:
    """Return name and secret of Basic, each encoded as in a form (RFC 6749, 2.3.1)."""
    shown = str(_header(request)).removeprefix("Basic ")
    return [unquote_plus(one) for one in base64.b64decode(shown).decode().split(":")]


def _is_assertion(_request: Request, form: dict[str, str], values: Values) -> bool:
    key = hashlib.sha256(values["secret"].encode()).hexdigest()
    said = jwt.decode(form["assertion"], key, ["HS256"], options={"verify_aud": False})
    return bool(
        said["iss"] == said["sub"] == values["user"] and 0 < said["exp"] - said["iat"] <= 180
    )


def _csrf(request: Request, values: Values, books: Books) -> Response | None:
    fetch = [value for name, value in request.headers if name.lower() == "x-csrf-token"]
    if _header(request) != _basic(f"{values['user']}:{values['secret']}") or fetch != ["Fetch"]:
        return None
    assert request.call is not None
    token = books.token(request.call.instance)
    cookie = ("set-cookie", f"SAP_SESSION={token}; path=/; HttpOnly")
    return replace(reply({}), headers=(*JSON, ("x-csrf-token", token), cookie))


_JUDGES = {"/login": _plain, "/oauth/token": _oauth, "/token": _second, "/csrf": _csrf}


def _token(request: Request, books: Books, name: str) -> Response:
    assert request.call is not None
    ttl = "ttl" if name == "token" and _media(request) != "application/json" else "expires_in"
    granted = {name: books.token(request.call.instance), "ttl": books.ttl, ttl: books.ttl}
    return reply(granted)


def _media(request: Request) -> str:
    kinds = [value for name, value in request.headers if name.lower() == "content-type"]
    return kinds[0] if kinds else ""


def _header(request: Request) -> str | None:
    found = [value for name, value in request.headers if name.lower() == "authorization"]
    return found[0] if found else None


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def signed(response: Response) -> Response:
    """Return *response* signed as WeChat Pay does."""
    stamp, nonce = str(int(time.time())), "n0nce"
    key = serialization.load_pem_private_key(get_private_key().encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    message = f"{stamp}\n{nonce}\n".encode() + response.body + b"\n"
    made = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    more = {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": "PK-1",
        "Wechatpay-Signature": base64.b64encode(made).decode(),
    }
    return replace(response, headers=(*response.headers, *more.items()))
