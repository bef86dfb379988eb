"""Which values may be recorded in clear, by declaration: credentials, words of enumerations.

A value from `env` or `file` is secret unless `secret: false` is declared; one from `keyring` or a
registered source always is, and so are some credentials, whatever is declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg
from bpmax_sim.platform.model import (
    Auth,
    CredentialSpec,
    OkRule,
    Platform,
    ResponseRules,
    Scalar,
    Source,
)
from bpmax_sim.platform.schema_keywords import list_texts
from bpmax_sim.platform.template import find_names

# The end decides: `client_secret` is one, `secret_id` and `access_key_id` are public names.
_PASSWORD = re.compile(
    r"key|(?:.*[^a-z])?(?:pass|passwd|pwd|pin)"
    r"|.*(?:pass_?(?:word|phrase|code)|secret|credential|token"
    r"|(?:private|secret|api|access|sign|signing|master|encryption|aes)_?key"
    r"|密码|口令|密钥|私钥|令牌)"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CODED = ("base64", "hex", "rsa", "ec", "jwt")


def explain_always_secret(platform: Platform, name: str) -> str:
    """Return why the credential *name* can never be recorded in clear; empty if it can."""
    kind = platform.credentials[name].kind
    if kind in _CODED:
        return msg("its kind is {kind}", kind=kind)
    if _PASSWORD.fullmatch(_HUMP.sub("_", name).lower()):
        return msg("it is named like a password")
    signing = {used for auth in _list_auths(platform) for used in _find_signature_key_names(auth)}
    return msg("requests are signed with it") if name in signing else ""


def is_recorded_clear(
    platform: Platform, name: str, value: Scalar | Source | UnsetType | None = None
) -> bool:
    """Return whether *value* of the credential *name* is recorded as it is, without stand-in.

    A value written in YAML is, unless it is declared secret or always secret. One from a variable
    or a file, and one that is not given (None), is only with ``secret: false``; one of a keyring or
    a registered source never is.
    """
    spec = platform.credentials[name]
    if spec.secret is True or explain_always_secret(platform, name):
        return False
    if isinstance(value, Source):
        return is_declared_clear(spec) and value.keyring is UNSET and value.source is UNSET
    return is_declared_clear(spec) or not (value is None or value is UNSET)


def is_declared_clear(spec: CredentialSpec) -> bool:
    """Return whether ``secret: false`` is declared for the credential, and it is a text.

    For a credential of another kind, such as a key, ``secret: false`` is a mistake and has no
    effect.
    """
    return spec.secret is False and spec.kind == "text"


def list_paths_extracted_in_clear(platform: Platform) -> tuple[str, ...]:
    """Return the paths that logins extract with ``secret: false``; cookies are always secret."""
    steps = [step for auth in _list_auths(platform) for step in auth.steps]
    rules = [rule for step in steps for rule in step.extract.values() if rule.secret is False]
    return tuple([rule.path for rule in rules if not rule.path.startswith("cookie")])


def _list_auths(platform: Platform) -> list[Auth]:
    auths = [platform.auth, *(api.auth for api in platform.apis.values())]
    return [auth for auth in auths if isinstance(auth, Auth)]


def collect_enumerated_words(platform: Platform) -> frozenset[str]:
    """Return the texts that parameters and schemas of *platform* enumerate.

    Such a word, like ``active``, is no secret even if it is the value of a member named like one.
    """
    words: set[str] = set()
    left: list[Any] = []
    for api in platform.apis.values():
        words.update(word for one in api.parameters for word in one.enum if isinstance(word, str))
        left += [api.answer, *[one.schema for one in api.parameters]]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            words.update(list_texts(value.get("enum")), list_texts([value.get("const")]))
            left += value.values()
        elif isinstance(value, list | tuple):
            left += value
    return frozenset(words)


def collect_business_codes(platform: Platform) -> frozenset[str]:
    """Return the business codes that rules of *platform* name, those of APIs and logins included.

    They say what is a success or a failure, as ``000000``: no secrets, whatever a response calls
    them.
    """
    rules = _list_response_rules(platform)
    judged = [rule.ok for rule in rules]
    steps = [step for auth in _list_auths(platform) for step in auth.steps]
    judged += [step.ok for step in steps if isinstance(step.ok, OkRule)]
    codes = [code for ok in judged for condition in ok.all for code in condition.any_of]
    codes += [code for rule in rules for kind in rule.classes.values() for code in kind.code]
    return frozenset([str(code) for code in codes if isinstance(code, str | int)])


def list_business_code_paths(platform: Platform) -> tuple[str, ...]:
    """Return the paths at which responses of *platform* have their business code, as declared."""
    return tuple(dict.fromkeys(path for one in _list_response_rules(platform) for path in one.code))


def _list_response_rules(platform: Platform) -> list[ResponseRules]:
    own = [api.response for api in platform.apis.values()]
    return [platform.response, *[rules for rules in own if isinstance(rules, ResponseRules)]]


def _find_signature_key_names(auth: Auth) -> Iterator[str]:
    """Yield the names from whose values the signature's key is made, directly or by templates."""
    if auth.sign is None:
        return
    inputs = dict(auth.parameters)
    for defined in (*auth.sign.define, *auth.sign.canonical):
        inputs.update(defined)
    seen: set[str] = set()
    # Of a chain only the first text is a key; those after it (date, region, service) are public.
    left = _find_template_names(
        auth.sign.key if isinstance(auth.sign.key, str) else "".join(auth.sign.key[:1])
    )
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left |= _find_template_names(inputs.get(name))
    yield from seen


def _find_template_names(text: object) -> set[str]:
    try:
        return set(find_names(text)) if isinstance(text, str) else set()
    except ConfigError:
        return set()  # told where templates are checked
