"""What auth puts in, written once more: places with their values, signatures from what was sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Auth
from bpmax_sim.strategies.platforms import PRESETS, get_public_key, make_preset_auths
from tests.property import bodies

Values = Mapping[str, str]
Value = Callable[[Values], str]
Put = tuple[str, str, Value]
"""A place, the name there, and what must stand there."""


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _basic(values: Values) -> str:
    return "Basic " + b64(f"{values['user']}:{values['secret']}".encode())


def _secret(values: Values) -> str:
    return values["secret"]


def _hex(values: Values) -> str:
    return values["secret"].encode().hex()


def _user(values: Values) -> str:
    return values["user"]


def _bearer(values: Values) -> str:
    return f"Bearer {values['token']}"


TEMPLATES: Mapping[str, Value] = {
    "Basic {{ (user ~ ':' ~ secret) | b64 }}": _basic,
    "Bearer {{ secret }}": lambda values: f"Bearer {values['secret']}",
    "{{ secret }}": _secret,
    "{{ secret | hex }}": _hex,
    "{{ user }}": _user,
    "Bearer {{ token }}": _bearer,
    "{{ token }}": lambda values: values["token"],
}
_TOKEN: list[Put] = [("header", "Authorization", _bearer)]
_PRESETS: Mapping[str, list[list[Put]]] = {
    "api_key": [
        [("header", "X-API-Key", _secret)],
        [("query", "access_token", _secret)],
        [("cookie", "sid", _hex)],
    ],
    "basic": [[("header", "Authorization", _basic)]],
    "bearer": [[("header", "Authorization", lambda values: f"Bearer {values['secret']}")]],
    "csrf_session": [
        [
            ("header", "Authorization", _basic),
            ("header", "X-CSRF-Token", lambda values: values["token"]),
            ("header", "Cookie", lambda values: f"SAP_SESSION={values['token']}"),
        ]
    ],
    "dingtalk_robot": [[("query", "access_token", _user)]],
    "jwt_bearer": [_TOKEN],
    "login_token": [_TOKEN],
    "oauth2_client_credentials": [_TOKEN, _TOKEN],
    "oauth2_refresh_token": [_TOKEN],
}


def preset_of(auth: Auth) -> str:
    """Return the preset that *auth* was drawn from, or nothing."""
    found = (name for name in PRESETS if any(one is auth for one in make_preset_auths(name)))
    return next(found, "")


def puts(auth: Auth, method: str) -> list[Put]:
    """Return what is put in before anything is signed, in order."""
    name = preset_of(auth)
    if not name:
        return [(one.place, one.name, TEMPLATES[one.value]) for one in auth.apply]
    number = next(n for n, one in enumerate(make_preset_auths(name)) if one is auth)
    found = _PRESETS[name][number] if name in _PRESETS else []
    is_read = name == "csrf_session" and method in {"GET", "HEAD"}
    return found[:1] if is_read else found


def owned(auth: Auth) -> dict[str, frozenset[str]]:
    """Return the names that the signature of *auth* sets, by place, in lower case."""
    return _OWNED.get(_signer(auth), {})


def defaulted(auth: Auth, method: str) -> dict[str, str]:
    """Return headers that signing adds where a call has none of the name, in lower case."""
    kind = "application/x-www-form-urlencoded" if method == "GET" else "application/json"
    known = {
        "acs3": {"x-acs-action": "GetUser", "x-acs-version": "2014-05-26"},
        "tc3": {"content-type": kind, "x-tc-action": "GetUser"},
        "wechatpay_v3": {"accept": "application/json", "user-agent": "bpmax-sim"},
    }
    return known.get(_signer(auth), {})


def check_signature(auth: Auth, request: Request, values: Values) -> None:
    """Assert that *request* carries the signature that its platform would make of it."""
    name = _signer(auth)
    if name:
        _CHECKS[name](Sent(request), values)


def _signer(auth: Auth) -> str:
    name = preset_of(auth)
    return (name if name in _OWNED else "") if name else "drawn" if auth.sign else ""


_OWNED: Mapping[str, dict[str, frozenset[str]]] = {
    "drawn": {"header": frozenset({"x-key", "x-signature"})},
    "acs3": {
        "header": frozenset({
            "authorization", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256",
            "x-acs-security-token",
        })
    },
    "aws_sigv4": {
        "header": frozenset({
            "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
        })
    },
    "dingtalk_robot": {"query": frozenset({"timestamp", "sign"})},
    "feishu_bot": {"body": frozenset({"timestamp", "sign"})},
    "hmac": {"header": frozenset({"x-app-key", "x-timestamp", "x-nonce", "x-signature"})},
    "huawei_sdk": {"header": frozenset({"authorization", "x-sdk-date"})},
    "standard_webhooks": {
        "header": frozenset({"webhook-id", "webhook-timestamp", "webhook-signature"})
    },
    "tc3": {"header": frozenset({"authorization", "x-tc-timestamp", "x-tc-token"})},
    "wechatpay_v3": {"header": frozenset({"authorization"})},
}  # fmt: skip


class Sent:
    """A request taken apart."""

    def __init__(self, request: Request) -> None:
        scheme, _, rest = request.url.partition("://")
        self.method, self.body = request.method, request.body or b""
        self.host = rest.partition("/")[0].partition("?")[0]
        self.target = rest[len(self.host) :] or "/"
        self.target = self.target if self.target[0] == "/" else f"/{self.target}"
        self.path, _, self.query = self.target.partition("?")
        self.headers = {name.lower(): value.strip() for name, value in request.headers}
        self.headers["host"] = self.host.removesuffix({"https": ":443", "http": ":80"}[scheme])

    @property
    def digest(self) -> str:
        return sha256(self.body)

    @property
    def sorted_query(self) -> str:
        """Return the pairs sorted by name and value, both encoded once (RFC 3986)."""
        pairs = [pair.partition("=") for pair in self.query.split("&") if pair]
        return "&".join(f"{quote(unquote(n), safe='')}={quote(unquote(v), safe='')}"
                        for n, _, v in sorted(pairs))  # fmt: skip

    def lines(self, names: list[str]) -> str:
        return "".join(f"{name}:{self.headers[name]}\n" for name in names)

    def members(self) -> dict[str, str]:
        """Return what the body says by name, be it JSON or a form."""
        is_form = bodies.media(self.headers["content-type"]) == bodies.TYPES["form"]
        return dict(parse_qsl(self.body.decode())) if is_form else json.loads(self.body)

    def parameters(self) -> dict[str, str]:
        return {unquote(p.partition("=")[0]): unquote(p.partition("=")[2])
                for p in self.query.split("&")}  # fmt: skip


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def mac(key: bytes | str, message: bytes | str) -> bytes:
    first = key if isinstance(key, bytes) else key.encode()
    return hmac.new(first, message if isinstance(message, bytes) else message.encode(),
                    hashlib.sha256).digest()  # fmt: skip


def is_now(seconds: float) -> bool:
    return abs(seconds - time.time()) < 100


def _stamped(text: str) -> datetime:
    moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert is_now(moment.timestamp())
    return moment


def _drawn(sent: Sent, values: Values) -> None:
    message = f"{sent.method}\n{sent.target}\n".encode() + sent.body
    assert sent.headers["x-signature"] == mac(values["secret"], message).hex()
    assert sent.headers["x-key"] == values["user"].encode().hex()


def _aws(sent: Sent, values: Values) -> None:
    stamp = sent.headers["x-amz-date"]
    scope = f"{_stamped(stamp):%Y%m%d}/cn-north-1/execute-api/aws4_request"
    names = sorted({*sent.headers} - {"authorization", "user-agent"})
    lines = "".join(f"{name}:{' '.join(sent.headers[name].split())}\n" for name in names)
    canonical = (f"{sent.method}\n{quote(sent.path, safe='/~')}\n{sent.sorted_query}\n{lines}\n"
                 f"{';'.join(names)}\n{sent.digest}")  # fmt: skip
    key = f"AWS4{values['secret']}".encode()
    for part in scope.split("/"):
        key = mac(key, part)
    made = mac(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical)}").hex()
    assert sent.headers["authorization"] == (
        f"AWS4-HMAC-SHA256 Credential={values['user']}/{scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={made}"
    )


def _acs3(sent: Sent, values: Values) -> None:
    picked = [one for one in sent.headers if one in {"host", "content-type"} or "x-acs-" in one]
    names = sorted(picked)
    assert sent.headers["x-acs-content-sha256"] == sent.digest
    assert is_now(datetime.fromisoformat(sent.headers["x-acs-date"]).timestamp())
    canonical = (f"{sent.method}\n{sent.path}\n{sent.sorted_query}\n{sent.lines(names)}\n"
                 f"{';'.join(names)}\n{sent.digest}")  # fmt: skip
    made = mac(values["secret"], f"ACS3-HMAC-SHA256\n{sha256(canonical)}").hex()
    assert sent.headers["authorization"] == (
        f"ACS3-HMAC-SHA256 Credential={values['user']},SignedHeaders={';'.join(names)},"
        f"Signature={made}"
    )


def _tc3(sent: Sent, values: Values) -> None:
    stamp = sent.headers["x-tc-timestamp"]
    assert is_now(int(stamp))
    scope = f"{datetime.fromtimestamp(int(stamp), UTC):%Y-%m-%d}/cvm/tc3_request"
    canonical = (f"{sent.method}\n{sent.path}\n{sent.query}\n"
                 f"{sent.lines(['content-type', 'host']).lower()}\ncontent-type;host\n"
                 f"{sent.digest}")  # fmt: skip
    key = f"TC3{values['secret']}".encode()
    for part in scope.split("/"):
        key = mac(key, part)
    made = mac(key, f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical)}").hex()
    assert sent.headers["authorization"] == (
        f"TC3-HMAC-SHA256 Credential={values['user']}/{scope}, SignedHeaders=content-type;host, "
        f"Signature={made}"
    )


def _huawei(sent: Sent, values: Values) -> None:
    stamp = sent.headers["x-sdk-date"]
    _stamped(stamp)
    names = sorted({*sent.headers} - {"authorization"})
    path = "/".join(quote(unquote(one), safe="") for one in sent.path.split("/"))
    canonical = (f"{sent.method}\n{path}{'' if path[-1] == '/' else '/'}\n{sent.sorted_query}\n"
                 f"{sent.lines(names)}\n{';'.join(names)}\n{sent.digest}")  # fmt: skip
    made = mac(values["secret"], f"SDK-HMAC-SHA256\n{stamp}\n{sha256(canonical)}").hex()
    assert sent.headers["authorization"] == (
        f"SDK-HMAC-SHA256 Access={values['user']}, SignedHeaders={';'.join(names)}, "
        f"Signature={made}"
    )


def _hmac(sent: Sent, values: Values) -> None:
    stamp, nonce = sent.headers["x-timestamp"], sent.headers["x-nonce"]
    assert sent.headers["x-app-key"] == values["user"]
    assert is_now(int(stamp) / 1000)
    assert len(nonce) >= 16
    message = f"{sent.method}\n{sent.target}\n{stamp}\n{nonce}\n{sent.digest}"
    assert sent.headers["x-signature"] == b64(mac(values["secret"], message))


def _webhook(sent: Sent, values: Values) -> None:
    start = f"{sent.headers['webhook-id']}.{sent.headers['webhook-timestamp']}."
    assert is_now(int(sent.headers["webhook-timestamp"]))
    made = mac(values["secret"], start.encode() + sent.body)
    assert sent.headers["webhook-signature"] == f"v1,{b64(made)}"


def _dingtalk(sent: Sent, values: Values) -> None:
    said = sent.parameters()
    assert is_now(int(said["timestamp"]) / 1000)
    message = f"{said['timestamp']}\n{values['secret']}"
    assert said["sign"] == b64(mac(values["secret"], message))


def _feishu(sent: Sent, values: Values) -> None:
    said = sent.members()
    assert is_now(int(said["timestamp"]))
    assert said["sign"] == b64(mac(f"{said['timestamp']}\n{values['secret']}", b""))


_WECHAT = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(.*)",nonce_str="(\w+)",signature="([^"]+)",'
    r'timestamp="(\d+)",serial_no="SN-1"'
)


def _wechatpay(sent: Sent, values: Values) -> None:
    found = _WECHAT.fullmatch(sent.headers["authorization"])
    assert found
    user, nonce, signature, stamp = found.groups()
    assert user == values["user"]
    assert is_now(int(stamp))
    key = serialization.load_pem_public_key(get_public_key().encode())
    assert isinstance(key, rsa.RSAPublicKey)
    start = f"{sent.method}\n{sent.target}\n{stamp}\n{nonce}\n".encode()
    made = base64.b64decode(signature)
    key.verify(made, start + sent.body + b"\n", padding.PKCS1v15(), hashes.SHA256())


_CHECKS: Mapping[str, Callable[[Sent, Values], None]] = {
    "drawn": _drawn,
    "acs3": _acs3,
    "aws_sigv4": _aws,
    "dingtalk_robot": _dingtalk,
    "feishu_bot": _feishu,
    "hmac": _hmac,
    "huawei_sdk": _huawei,
    "standard_webhooks": _webhook,
    "tc3": _tc3,
    "wechatpay_v3": _wechatpay,
}
