"""What a platform file declares, as frozen values; nothing here reads a file or renders a template.

Durations are seconds. The JSON Schema of the files is generated from these types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType, field

from bpmax_sim.platform.mechanisms import (
    Acquire,
    Apply,
    Auth,
    Condition,
    ErrorClass,
    Extract,
    Kind,
    LoginRequest,
    LoginStep,
    Model,
    OkRule,
    Recover,
    ResponseRules,
    Sign,
    Spot,
    Ttl,
    VerifyResponse,
)
from bpmax_sim.yamlfile import INTERNAL, Seconds

__all__ = [
    "Acquire",
    "Api",
    "Apply",
    "Auth",
    "Condition",
    "CredentialSpec",
    "Encoding",
    "ErrorClass",
    "Extract",
    "Idempotency",
    "Instance",
    "Kind",
    "LoginRequest",
    "LoginStep",
    "Model",
    "OkRule",
    "Parameter",
    "Platform",
    "Recover",
    "ResponseRules",
    "Result",
    "Scalar",
    "Sign",
    "Source",
    "Spot",
    "Ttl",
    "VerifyResponse",
    "is_set",
]

Encoding = Literal["json", "form", "multipart", "text", "xml"]
Result = Literal["body", "envelope"]
Scalar = str | int | float | bool


class CredentialSpec(Model, frozen=True, kw_only=True):
    """A credential's kind, which decides its stand-in, and whether it is secret.

    Attributes:
        secret: without it, what comes from outside the file is a secret and a literal is none;
            what is declared to be no secret is recorded as it is, wherever it comes from.
    """

    kind: Kind = "text"
    secret: bool | UnsetType = UNSET
    default: Scalar | UnsetType = UNSET


class Source(Model, frozen=True, kw_only=True):
    """Where a value comes from outside the file: exactly one key."""

    env: str | UnsetType = UNSET
    file: str | UnsetType = UNSET
    keyring: str | UnsetType = UNSET


class Parameter(Model, frozen=True, kw_only=True):
    """An input of an API; their order is the order of a direct call.

    Attributes:
        to: the name at its place, or a dotted body path; *name* when absent.
        schema: what more is known of its values, as a JSON Schema or in the words of OpenAPI.
    """

    name: str
    place: Literal["path", "query", "header", "body"] = field(name="in")
    to: str = ""
    required: bool = False
    default: Any = UNSET
    title: str = ""
    type: str = ""
    enum: tuple[Any, ...] = ()
    format: str = ""
    schema: Mapping[str, Any] = {}

    @property
    def target(self) -> str:
        """Return the name at its place, or the dotted body path."""
        return self.to or self.name


class Idempotency(Model, frozen=True, kw_only=True):
    """A key that is made once for each call and kept on its retries."""

    place: Literal["header", "query", "body"] = field(name="in")
    name: str
    value: str = "{{ call_id }}"


class Api(Model, frozen=True, kw_only=True):
    """One operation; UNSET means that the platform's own setting holds.

    Attributes:
        answer: what the body of a good answer is, as a JSON Schema or in the words of OpenAPI.
    """

    key: Annotated[str, INTERNAL] = ""
    title: str = ""
    aliases: tuple[str, ...] = ()
    method: str = "GET"
    path: str = "/"
    parameters: tuple[Parameter, ...] = ()
    headers: Mapping[str, Scalar] = {}
    query: Mapping[str, Any] = {}
    body: Any = UNSET
    answer: Mapping[str, Any] = {}
    encoding: Encoding | UnsetType = UNSET
    timeout: Seconds | UnsetType = UNSET
    auth: Auth | UnsetType = UNSET
    response: ResponseRules | UnsetType = UNSET
    idempotent: bool | UnsetType = UNSET
    idempotency: Idempotency | UnsetType = UNSET
    secret: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    verify: Literal["shape", "status", "never"] = "shape"

    @property
    def is_idempotent(self) -> bool:
        """Return whether a sent request may be sent again without a new effect."""
        if self.idempotent is UNSET:
            return self.method in {"GET", "HEAD"} or self.idempotency is not UNSET
        return bool(self.idempotent)


class Platform(Model, frozen=True, kw_only=True):
    """A third-party system: its address, credentials, auth, answers and APIs.

    Attributes:
        spellings: the key of each API by every snake_case spelling, aliases included.
    """

    platform_key: str
    title: str = ""
    base_url: str
    timeout: Seconds = 30.0
    headers: Mapping[str, Scalar] = {}
    query: Mapping[str, Any] = {}
    credentials: Mapping[str, CredentialSpec] = {}
    response: ResponseRules = ResponseRules()
    auth: Auth = Auth()
    result: Result = "body"
    reject: tuple[Literal["business"], ...] = ()
    strict: bool = False
    encoding: Encoding = "json"
    secret: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    apis: Mapping[str, Api] = {}
    spellings: Annotated[Mapping[str, str], INTERNAL] = {}


class Instance(Model, frozen=True, kw_only=True):
    """One tenant of a platform, with the values of its credentials."""

    platform: str
    instance_key: str
    default: bool = False
    enabled: bool = True
    title: str = ""
    base_url: str | Source = ""
    timeout: Seconds | UnsetType = UNSET
    headers: Mapping[str, Scalar] = {}
    query: Mapping[str, Any] = {}
    result: Result | UnsetType = UNSET
    reject: tuple[Literal["business"], ...] | UnsetType = UNSET
    strict: bool | UnsetType = UNSET
    credentials: Mapping[str, Scalar | Source] = {}

    def __repr__(self) -> str:
        return f"<Instance {self.instance_key} of {self.platform}>"


def is_set(value: object) -> bool:
    """Return whether *value* was given in the file."""
    return value is not msgspec.UNSET
