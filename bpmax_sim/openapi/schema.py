"""Convert schemas to ones without references, and security schemes to ``auth`` and credentials.

References are replaced by their targets, up to a limit; a circular one becomes a schema that allows
anything. Of several ways to log in, the first that works without a person is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from bpmax_sim.i18n import msg
from bpmax_sim.messages import is_header_name
from bpmax_sim.openapi.document import Document
from bpmax_sim.platform.check import is_platform_address
from bpmax_sim.platform.model import to_snake_case
from bpmax_sim.platform.schema_keywords import KEYWORD_RULES, to_list_or_empty, to_mapping_or_empty
from bpmax_sim.yamlfile import Steps

Schema = Mapping[str, Any]

_DEEPEST: Final = 8
_LONGEST: Final = 200
_SINGLE: Final = ("items", "not", "additionalProperties")
_SEVERAL: Final = ("allOf", "anyOf", "oneOf")


@dataclass(slots=True)
class SchemaConverter:
    """Converts one JSON Schema for a platform file, where references are not possible.

    Attributes:
        document: document with the targets of references.
        dropped_keyword: keyword of members to leave out: ``readOnly`` for requests, ``writeOnly``
            for responses.
        max_members: number of schemas, nested ones included, after which each further one allows
            anything, so that files stay small.
    """

    document: Document
    dropped_keyword: str = "readOnly"  # what has no place in this direction
    max_members: int = 300
    _written: int = field(default=0, init=False)
    _top: Steps = field(default=(), init=False)

    def write_schema(
        self, value: Any, steps: Steps, seen_refs: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return the schema *value*, at path *steps*, with references replaced by their targets.

        *seen_refs* are those that led here, so that a schema that contains itself ends.
        """
        self._top = self._top or steps
        if isinstance(value, bool) or value is None:
            # JSON Schema: ``true`` allows anything, ``false`` nothing.
            return {"not": {}} if value is False else {}
        reference = str(to_mapping_or_empty(value).get("$ref", ""))
        if reference and reference in seen_refs:
            self.document.note_loss(
                steps, "{reference!r} holds itself; there, anything is allowed", reference=reference
            )
            return {}
        seen_refs = (*seen_refs, reference) if reference else seen_refs
        schema = self.document.resolve_reference(value, steps)
        self._written += 1
        if self._written > self.max_members or len(steps) - len(seen_refs) > 3 * _DEEPEST + 12:
            message = msg("the schema is too large; the rest of it allows anything")
            self.document.note_loss(self._top, message)
            return {}
        return dict(self._convert_keywords(to_mapping_or_empty(schema), steps, seen_refs))

    def _convert_keywords(
        self, schema: Schema, steps: Steps, seen_refs: tuple[str, ...]
    ) -> Iterator[Any]:
        for word, value in schema.items():
            if word in KEYWORD_RULES:
                if KEYWORD_RULES[word](value) and is_within_file_limits(value):
                    yield word, value
                else:
                    self.document.note_loss(
                        (*steps, word), "{word} cannot have this value", word=word
                    )
            elif word in _SINGLE:
                is_flag = word == "additionalProperties" and isinstance(value, bool)
                yield (
                    word,
                    value if is_flag else self.write_schema(value, (*steps, word), seen_refs),
                )
            elif word in _SEVERAL and to_list_or_empty(value):
                inner = enumerate(value)
                yield (
                    word,
                    [self.write_schema(part, (*steps, word, n), seen_refs) for n, part in inner],
                )
            elif word == "properties":
                yield word, self._convert_properties(value, (*steps, word), seen_refs)
        yield from self._convert_examples(schema, steps)

    def _convert_examples(self, schema: Schema, steps: Steps) -> Iterator[tuple[str, Any]]:
        """Yield the first of ``examples`` as ``example``, if the schema has none."""
        examples = to_list_or_empty(schema.get("examples"))
        if not examples or "example" in schema:
            return
        if is_within_file_limits(examples[0]):
            yield "example", examples[0]
        else:
            self.document.note_loss(
                (*steps, "examples"), "{word} cannot have this value", word="examples"
            )

    def _convert_properties(
        self, value: Any, steps: Steps, seen_refs: tuple[str, ...]
    ) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for name, inner in to_mapping_or_empty(value).items():
            if len(name) > _LONGEST:
                self.document.note_loss(
                    steps, "the name is longer than {longest} characters", longest=_LONGEST
                )
            elif (
                to_mapping_or_empty(self.document.resolve_reference(inner, (*steps, name))).get(
                    self.dropped_keyword
                )
                is not True
            ):
                properties[name] = self.write_schema(inner, (*steps, name), seen_refs)
        return properties


def is_within_file_limits(value: Any, levels: int = 12) -> bool:
    """Return whether *value* may be put into a platform file.

    It must not be nested more than *levels* deep, nor have names that are too long.
    """
    if isinstance(value, Mapping):
        return levels > 0 and all(
            len(name) <= _LONGEST and is_within_file_limits(part, levels - 1)
            for name, part in value.items()
        )
    return not isinstance(value, list) or (
        levels > 0 and all(is_within_file_limits(part, levels - 1) for part in value)
    )


def merge_object(schema: Schema) -> Schema | None:
    """Return ``properties`` and ``required`` of an object *schema* and its ``allOf``, merged.

    None is returned if it is no object with fixed members, for example if it has ``oneOf``.
    """
    merged = _merge_object_parts(schema)
    return merged if merged and merged["properties"] else None


def _merge_object_parts(schema: Schema) -> Schema | None:
    """Return what `merge_object` does, also of a part that only says which members are required."""
    parts = [_merge_object_parts(part) for part in schema.get("allOf", ())]
    if any(word in schema for word in ("anyOf", "oneOf", "not")) or None in parts:
        return None
    merged: dict[str, Any] = {}
    required: list[str] = []
    for part in (*filter(None, parts), schema):
        merged |= part.get("properties", {})
        required += part.get("required", [])
    is_object = schema.get("type", "object") in ("object", ["object"])  # 3.0 and 3.1
    is_open = bool(to_mapping_or_empty(schema.get("additionalProperties"))) or not (
        merged or required
    )
    return {"properties": merged, "required": required} if is_object and not is_open else None


def find_single_type(schema: Schema) -> str:
    """Return the only ``type`` of a schema; empty if it has several, none, or may be null."""
    kind = schema.get("type", "")
    if isinstance(kind, list):
        kind = kind[0] if len(kind) == 1 else ""
    return "" if schema.get("nullable") is True or kind == "null" else kind


Apply = Mapping[str, str]

_LONGEST_KEY_NAME: Final = 100
_BRACES = re.compile(r"[{}]")
# RFC 6749, 3.3, but for braces, which would be read as a template.
_SCOPE = re.compile(r"[!#-\[\]-z|~]+")
_CSRF = re.compile(r"csrf|xsrf", re.IGNORECASE)
_CLIENT: Final = ("client_id", "client_secret")
_WRITING: Final = ["POST", "PUT", "PATCH", "DELETE"]


def _may_name_key(text: str) -> bool:
    """Return whether *text* may name the header, parameter or cookie of an API key."""
    return is_header_name(text) and len(text) <= _LONGEST_KEY_NAME


class AuthPart(msgspec.Struct, frozen=True):
    """One security scheme of a document in terms of platform files.

    Used alone, it becomes a preset, a ready-made ``auth`` that is named; together with others, only
    its *apply* is used.

    Attributes:
        kind: name of the preset.
        parameters: parameters of the preset.
        credentials: credentials that an instance must have.
        apply: places of a request, such as a header, and the values that the scheme puts there.
    """

    kind: str
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)
    credentials: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    apply: tuple[Apply, ...] = ()


class Security(msgspec.Struct):
    """The security schemes of a document, converted when an operation first requires them.

    Attributes:
        document: document.
        base: base address of the platform.
        scopes: OAuth scopes that the document requires, by scheme.
        credentials: credentials of every scheme in use, for the platform file.
        response: response rules that the schemes need, for the platform file.
    """

    document: Document
    base: str
    scopes: Mapping[str, list[str]]
    credentials: dict[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    response: dict[str, Any] = msgspec.field(default_factory=dict)
    _parts: dict[str, AuthPart | None] = msgspec.field(default_factory=dict)

    def write_auth(self, value: Any, steps: Steps) -> Any:
        """Return the ``auth`` of a platform file for security requirements.

        *value* are the document's alternatives, at path *steps*; the first that can be converted is
        used. ``"none"`` if nothing is required, or no alternative can be converted, which is noted.
        """
        ways = [way for way in to_list_or_empty(value) if isinstance(way, dict) and way]
        for way in ways:
            parts = [self._get_auth_part(name, (*steps, name)) for name in way]
            known = [part for part in parts if part is not None]
            if len(known) == len(parts) and (auth := self._combine_auth(known, steps)) is not None:
                for part in known:
                    self.credentials.update(part.credentials)
                return auth
        if ways:
            message = msg(
                "none of these ways to log in can be declared; write auth by hand, see Platforms"
            )
            self.document.note_loss(steps, message)
        return "none"

    def _get_auth_part(self, name: str, steps: Steps) -> AuthPart | None:
        if name not in self._parts:
            where: Steps = ("components", "securitySchemes", name)
            schemes = self.document.find_mapping("components", "securitySchemes")
            scheme = self.document.resolve_reference(schemes.get(name), where)
            if not to_mapping_or_empty(scheme):
                self.document.note_loss(steps, "unknown security scheme {name!r}", name=name)
                self._parts[name] = None
            else:
                self._parts[name] = self._convert_scheme(name, to_mapping_or_empty(scheme), where)
        return self._parts[name]

    def _convert_scheme(
        self, name: str, scheme: Mapping[str, Any], where: Steps
    ) -> AuthPart | None:
        kind = str(scheme.get("type"))
        if kind == "http":
            kind = str(scheme.get("scheme")).lower()
        make = {
            "basic": self._convert_basic,
            "bearer": self._convert_bearer,
            "apiKey": self._convert_api_key,
            "oauth2": self._convert_oauth,
            "openIdConnect": self._convert_to_fixed_token,
        }.get(kind)
        if make is None:
            self.document.note_loss(where, "the way to log in {kind!r} has no preset", kind=kind)
            return None
        return make(name, scheme, where)

    def _name_credentials(self, scheme: str, names: tuple[str, ...]) -> dict[str, str]:
        """Return each of *names*, credentials of a security scheme, with its name in the file.

        The platform file has the same names unless another scheme has one of them already: then
        they begin with the name of this scheme, *scheme*, as ``{"token": "crm_token"}``.
        """
        taken = {name for part in self._parts.values() if part for name in part.credentials}
        if taken.isdisjoint(names):
            return {name: name for name in names}
        prefix = re.sub(r"\W+", "_", to_snake_case(scheme), flags=re.ASCII).strip("_")
        return {name: f"{prefix or 'other'}_{name}" for name in names}

    def _convert_basic(self, name: str, _scheme: Mapping[str, Any], _where: Steps) -> AuthPart:
        own = self._name_credentials(name, ("username", "password"))
        value = f"Basic {{{{ ({own['username']} ~ ':' ~ {own['password']}) | b64 }}}}"
        apply = {"in": "header", "name": "Authorization", "value": value}
        secrecy = {new: {"secret": old == "password"} for old, new in own.items()}
        return AuthPart("basic", _make_preset_parameters(own), secrecy, (apply,))

    def _convert_bearer(self, name: str, _scheme: Mapping[str, Any], _where: Steps) -> AuthPart:
        own = self._name_credentials(name, ("token",))
        value = f"Bearer {{{{ {own['token']} }}}}"
        apply = {"in": "header", "name": "Authorization", "value": value}
        return AuthPart(
            "bearer", _make_preset_parameters(own), {own["token"]: {"secret": True}}, (apply,)
        )

    def _convert_api_key(
        self, name: str, scheme: Mapping[str, Any], where: Steps
    ) -> AuthPart | None:
        place, wire = scheme.get("in"), scheme.get("name")
        if place not in ("header", "query", "cookie") or not _may_name_key(str(wire)):
            self.document.note_loss(where, "{place!r} has no key {wire!r}", wire=wire, place=place)
            return None
        # OpenAPI has no scheme for CSRF tokens; documents declare their header as an API key.
        if place == "header" and _CSRF.search(str(wire)):
            return AuthPart("csrf", {"name": str(wire)})
        own, spot = self._name_credentials(name, ("key",)), {"in": str(place), "name": str(wire)}
        apply = {**spot, "value": f"{{{{ {own['key']} }}}}"}
        secrecy = {own["key"]: {"secret": True}}
        return AuthPart("api_key", {**spot, **_make_preset_parameters(own)}, secrecy, (apply,))

    def _convert_oauth(self, name: str, scheme: Mapping[str, Any], where: Steps) -> AuthPart:
        flows = to_mapping_or_empty(scheme.get("flows"))
        client = to_mapping_or_empty(flows.get("clientCredentials"))
        code = to_mapping_or_empty(flows.get("authorizationCode"))
        flow = client or code
        refresh_url = None if client else flow.get("refreshUrl")
        url = self._convert_token_url(refresh_url or flow.get("tokenUrl"))
        if not url:
            return self._convert_to_fixed_token(name, scheme, where)
        scopes = " ".join(self.scopes.get(name, ()))
        apply = {"in": "header", "name": "Authorization", "value": "{{ prefix }} {{ token }}"}
        own = self._name_credentials(name, _CLIENT if client else (*_CLIENT, "refresh_token"))
        parameters = {"token_url": url, **_make_preset_parameters(own)}
        secrecy = {new: {} if old == "client_id" else {"secret": True} for old, new in own.items()}
        if client:
            parameters |= {"scope": scopes} if scopes else {}
            return AuthPart("oauth2_client_credentials", parameters, secrecy, (apply,))
        message = msg(
            "a person logs in once; put the refresh token that this yields into the instance"
        )
        self.document.note_loss(where, message)
        return AuthPart("oauth2_refresh_token", parameters, secrecy, (apply,))

    def _convert_to_fixed_token(
        self, name: str, scheme: Mapping[str, Any], where: Steps
    ) -> AuthPart:
        message = msg("a person logs in, or the token URL is missing; a fixed token is declared")
        self.document.note_loss(where, message)
        return self._convert_bearer(name, scheme, where)

    def _convert_token_url(self, url: Any) -> str:
        """Return the token URL of a scheme as a platform file has it, or "" if it cannot be used.

        Below the base address it begins with ``{{ base_url }}``.
        """
        if not isinstance(url, str) or not url.strip() or _BRACES.search(url):
            return ""
        if url.startswith(f"{self.base}/"):
            return f"{{{{ base_url }}}}{url.removeprefix(self.base)}"
        if "://" not in url:
            return f"{{{{ base_url }}}}/{url.lstrip('/')}" if url.isprintable() else ""
        return url if is_platform_address(url) else ""

    def _combine_auth(self, parts: list[AuthPart], steps: Steps) -> Any:
        """Return one ``auth`` for several security schemes that are required together.

        None, with a note at *steps*, if a platform file cannot express that.
        """
        csrf = next((part for part in parts if part.kind == "csrf"), None)
        rest = [part for part in parts if part is not csrf]
        logins = [part for part in rest if part.kind.startswith("oauth2_")]
        apply = [item for part in rest for item in part.apply]
        places = [(item["in"], item["name"].lower()) for item in apply]
        # A request has one value at a place, and a platform file one login.
        if len(places) != len({*places}) or len(logins) + bool(csrf) > 1:
            self.document.note_loss(steps, msg("these schemes cannot be declared together"))
            return None
        if csrf is not None:
            return self._add_csrf_login(csrf, rest, apply, steps)
        if len(rest) == 1:
            only = rest[0]
            return {"preset": only.kind, **only.parameters} if only.parameters else only.kind
        base = {"preset": logins[0].kind, **logins[0].parameters} if logins else {}
        return {**base, "apply": apply}

    def _add_csrf_login(
        self, csrf: AuthPart, rest: list[AuthPart], apply: list[Apply], steps: Steps
    ) -> Any:
        """Return an ``auth`` of a platform file that fetches a CSRF token before calls that write.

        A document does not say where the token is fetched, so ``GET /`` is written and noted as a
        guess.

        Args:
            csrf: scheme of the token.
            rest: other schemes that are required with it.
            apply: values that these add to requests, also to the one that fetches the token.
            steps: place of the requirement in the document.
        """
        message = msg(
            "the CSRF token is fetched by GET /; where it is handed out elsewhere, change path"
        )
        self.document.note_loss(steps, message)
        name = csrf.parameters["name"]
        # As SAP does it: a GET with ``Fetch`` gets the token and its cookies, and a refused call
        # has ``Required`` in the same header.
        self.response = {
            "code": [f"header:{name.lower()}"],
            "classes": {"token": {"code": ["Required", "required"]}},
        }
        request: dict[str, Any] = {"method": "GET", "path": "/"}
        for item in apply:
            where = "headers" if item["in"] == "header" else item["in"]
            if where in ("headers", "query"):
                request.setdefault(where, {})[item["name"]] = item["value"]
        request.setdefault("headers", {})[name] = "Fetch"
        step = {
            "request": request,
            "ok": {"status": [200, 204]},
            "extract": {
                "csrf": {"path": f"header:{name.lower()}", "secret": True},
                "jar": {"path": "cookies", "secret": True},
            },
        }
        share = [credential for part in rest for credential in part.credentials]
        acquire = {"share": share, "methods": _WRITING, "steps": [step], "ttl": {"default": 1500}}
        return {
            "acquire": acquire,
            "apply": [
                *apply,
                {"in": "header", "name": name, "value": "{{ csrf }}"},
                {"in": "header", "name": "Cookie", "value": "{{ jar }}"},
            ],
            "recover": {"token": {"refresh": 1}},
        }


def _make_preset_parameters(own: Mapping[str, str]) -> dict[str, str]:
    """Return parameters that make a preset read credentials under the document's own names.

    *own* maps the preset's name of a credential to the document's: ``{"token": "crm_token"}``
    yields ``{"token": "{{ crm_token }}"}``. Equal names need no parameter.
    """
    return {name: f"{{{{ {new} }}}}" for name, new in own.items() if new != name}


def collect_scopes(requirements: Iterator[Any]) -> dict[str, list[str]]:
    """Return the OAuth scopes in all security *requirements*, by scheme, each once."""
    grouped: dict[str, list[str]] = {}
    for value in requirements:
        for way in to_list_or_empty(value):
            for name, scopes in to_mapping_or_empty(way).items():
                known = grouped.setdefault(name, [])
                texts = (scope for scope in to_list_or_empty(scopes) if isinstance(scope, str))
                known += [text for text in texts if _SCOPE.fullmatch(text)]
    return {name: list(dict.fromkeys(known)) for name, known in grouped.items()}
