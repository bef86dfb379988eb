"""Replace the credentials in headers by stand-ins: Authorization, Cookie and Set-Cookie.

They are replaced by their place, whatever they are, and from then on wherever they occur. A plain
word or number, such as the cookie ``theme=default``, occurs in ordinary text as well, so that it is
replaced only in its header.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from bpmax_sim.messages import parse_cookies
from bpmax_sim.secret.http_auth import read_basic, split_scheme
from bpmax_sim.secret.secret_names import (
    SHORTEST,
    is_cookie_redactable_everywhere,
    is_redactable_everywhere,
)
from bpmax_sim.secret.standin import (
    STANDIN,
    get_jwt_issuer_or_standin,
    is_recognisable_standin,
)
from bpmax_sim.secret.vault import Vault

Tenant = tuple[str, str]
"""Platform and instance key, which are in a stand-in."""


def hide_credential(
    header: str, value: str, tenant: Tenant, vault: Vault, *, sender: str = "script"
) -> str:
    """Return the *value* of a credential *header* with a stand-in, which *vault* knows then.

    Of an Authorization the scheme is kept; of a Cookie nothing is. *sender* is in the stand-in. A
    token that a response issued keeps the stand-in that it has there: in replay, it is sent.
    """
    scheme, credential = split_scheme(value)
    # Neither is numbered: in replay, the one is the other.
    if is_recognisable_standin(credential):
        return value
    known = vault.redact_text(credential)
    if known != credential and _is_issued(known):
        return scheme + known
    name = f"{sender}-{header.lower()}"
    standin = vault.make_unregistered_standin(*tenant, name, credential)
    label = ".".join((*tenant, name))
    if _is_redactable_everywhere(header, scheme, credential):
        vault.add(credential, standin, name=label)
    elif scheme:
        vault.register_derived(scheme + credential, scheme + standin, name=label)
    return scheme + standin


def _is_issued(text: str) -> bool:
    """Return whether *text* is a stand-in, and not that of a value that was first sent."""
    standin = get_jwt_issuer_or_standin(text)
    return STANDIN.fullmatch(standin) is not None and ".sent-" not in standin


def _is_redactable_everywhere(header: str, scheme: str, credential: str) -> bool:
    if header.lower() == "cookie":
        cookies = parse_cookies(credential)
        return any(is_cookie_redactable_everywhere(one.name, one.value) for one in cookies)
    # The base64 of Basic is no word, even if it has letters only.
    return scheme.lower() == "basic " or is_redactable_everywhere(credential)


def register_parts_of_credential(header: str, value: str, tenant: Tenant, vault: Vault) -> None:
    """Register in *vault* what is secret in the *value* of a credential *header* on its own.

    That is the password of Basic and each cookie: servers repeat them without the rest.
    """
    if header.lower() == "cookie":
        for cookie in parse_cookies(value):
            if cookie.value and vault.redact_text(cookie.value) == cookie.value:
                # Numbered apart from those that responses set: in replay, these are stand-ins.
                hide_cookie(cookie.name, cookie.value, tenant, vault, sender="sent-cookie")
    elif pair := read_basic(value):
        register_basic_password(*pair, tenant, vault)


def register_basic_password(user: str, password: str, tenant: Tenant, vault: Vault) -> None:
    """Register the *password* of Basic in *vault*; a plain word only together with its *user*.

    A long user without a password is a secret, such as an API key.
    """
    secret = password or (user if len(user) >= _LONG_KEY else "")
    if vault.redact_text(secret) != secret:
        return  # it is known, with the place that declares it
    standin = vault.make_unregistered_standin(*tenant, "basic-password", secret)
    label = ".".join((*tenant, "basic-password"))
    if is_redactable_everywhere(secret):
        vault.add(secret, standin, name=label)
    elif len(password) >= SHORTEST:
        vault.register_derived(f"{user}:{password}", f"{user}:{standin}", name=label)


def hide_cookie(
    name: str, value: str, tenant: Tenant, vault: Vault, *, sender: str = "cookie"
) -> str:
    """Return the stand-in of the *value* of the cookie *name*, which *vault* knows then.

    *sender* is in the stand-in.
    """
    standin = vault.make_unregistered_standin(*tenant, f"{sender}-{name}", value)
    if is_cookie_redactable_everywhere(name, value):
        label = ".".join((*tenant, f"{sender}-{name}"))
        vault.add(value, standin, name=label)
        if _ESCAPE.search(value):  # a server repeats it as it means it
            vault.register_derived(unquote(value), standin, name=label)
    return standin


_LONG_KEY = 16
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
