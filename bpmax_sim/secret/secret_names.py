"""Recognise undeclared secrets by the name of their member ("secret-name rules").

Names are compared by whole words, in camelCase, snake_case, kebab-case or joined, and the last
words decide: ``newPassword`` and ``x-api-key`` hold a secret; ``password_required``, ``token_type``
and ``access_key_id`` describe one. The words come from the lists of

- Sentry's ``EventScrubber`` (``DEFAULT_DENYLIST``) and Rails' ``filter_parameters``,
- detect-secrets' ``KeywordDetector`` and gitleaks' ``generic-api-key``,
- the examples of vcrpy's ``filter_headers``, ``filter_query_parameters`` and
  ``filter_post_data_parameters``,
- OAuth and its extensions (RFC 6749, 7521, 7522, 7636), which name the parameters of a login.

Left out are personal data (``email``, ``ssn``; ``redact:`` is for these), values too short to be
searched for (``cvv``), and ``app_key``, which is a public name at DingTalk and Taobao.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from ahocorasick_rs import BytesAhoCorasick

from bpmax_sim.secret.http_auth import split_scheme
from bpmax_sim.secret.standin import STANDIN_PREFIX, is_recognisable_standin

VERSION: Final = 3
"""Of these rules; a recording says under which it was made (`cassette.model.IndexLine.net`).

0 is a recording from before there were any. Since version 2, there are the names in `_ENDS_SINCE_2`
and `_WHOLE_SINCE_2`, a scheme is no part of a credential (``Bearer …``), and a cookie or a Basic
password is known apart from its header. Since version 3, secrets are found that stand in an address
(`secret_addresses`), in lines of settings, tables of CSV, and in one format within another.
"""

_ENDS: Final = frozenset({
    "password", "passwd", "pwd", "passphrase", "passcode", "keypass", "db_pass", "user_pass",
    "pass",
    "secret", "client_secret", "app_secret", "corp_secret",
    "token", "access_token", "refresh_token", "id_token", "auth_token",
    "csrf", "xsrf", "csrf_token", "xsrf_token", "csrf_middleware_token", "authenticity_token",
    "request_verification_token",
    "api_key", "auth_key", "access_key", "secret_key", "private_key", "priv_key", "account_key",
    "service_key", "database_key", "db_key", "license_key", "subscription_key", "signing_key",
    "encryption_key", "master_key", "session_key",
    "credential", "credentials", "signature", "otp", "totp", "code_verifier", "client_assertion",
    "saml_assertion", "saml_response", "session_id", "php_sess_id", "jsession_id", "user_session",
    "aiohttp_session", "authorization", "proxy_authorization",
})  # fmt: skip
_WHOLE: Final = frozenset({
    "auth", "cookie", "set_cookie", "session", "sign", "sig", "pay_sign", "api_sign", "app_sign",
    "request_sign", "req_sign", "x_sign", "x_ca_sign", "md5_sign", "assertion",
})  # fmt: skip
"""What is a secret only where it is the whole name: others end so and are none (``call_sign``)."""

_ENDS_SINCE_2: Final = frozenset({
    "partner_key", "merchant_key", "mch_key", "md5_key", "hmac_key", "aes_key", "sm4_key",
    "encoding_aes_key", "sign_key", "encrypt_key", "api_v3_key",
    "suite_ticket", "component_verify_ticket", "jsapi_ticket", "permanent_code",
})  # fmt: skip
"""Names of Chinese vendors: WeChat, WeCom, Lark and payment services."""

_WHOLE_SINCE_2: Final = frozenset({"x_auth"})
_JOINED_SINCE_2: Final = ("secret", "password", "passwd")
"""What a word in lower case may end with (``apisecret``): no other word of English does."""

_CHINESE: Final = ("密码", "口令", "密钥", "私钥", "令牌")
_OF_PAGES: Final = frozenset({
    "next", "prev", "previous", "page", "paging", "pagination", "continuation", "continue",
    "cursor", "scroll", "sync", "delta", "change", "start", "end", "resume", "last", "idempotency",
    "stop", "pad",
})  # fmt: skip
"""What makes a token say where a list goes on (Google's AIP-158, AWS, Microsoft Graph)."""

_AGAIN: Final = frozenset({
    "confirmation", "confirm", "confirmed", "again", "repeat", "value", "text", "plain", "hash",
})  # fmt: skip
"""Words behind a secret name that leave it one: ``password_confirmation``."""

_RUN_TOGETHER: Final = {word.replace("_", "") for word in _ENDS | _WHOLE}
_RUN_TOGETHER_SINCE_2: Final = {word.replace("_", "") for word in _ENDS | _ENDS_SINCE_2}
SECRET_WORDS: Final[Mapping[str, Sequence[str]]] = {
    "ends": sorted(_RUN_TOGETHER_SINCE_2),
    "whole": sorted(word.replace("_", "") for word in _WHOLE | _WHOLE_SINCE_2),
    "joined": _JOINED_SINCE_2,
    "pages": sorted(_OF_PAGES),
    "again": sorted(_AGAIN),
    "chinese": _CHINESE,
}
"""The lists for who judges names elsewhere, in JavaScript: words run together."""

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_WORD: Final = re.compile(r"[^A-Za-z0-9\u4e00-\u9fff]+")
_LONGEST_NAME: Final = 80
_MOST_WORDS: Final = 3

_HINTS: Final = (
    *("pass", "pwd", "secret", "token", "key", "sig", "auth", "csrf", "xsrf", "otp", "ticket"),
    *(
        "credential",
        "session",
        "sessid",
        "sess_id",
        "sess-id",
        "cookie",
        "verifier",
        "assertion",
        "saml",
        "permanent",
    ),
    *(r"\u5bc6", r"\u53e3", r"\u79c1", r"\u4ee4"),
)
_IN_BYTES: Final = [word.encode(codec) for word in _CHINESE for codec in ("utf-8", "gb18030")]
_IN_UTF_16: Final = [
    word.encode(codec).lower()  # as all that is searched, letter by letter
    for word in _CHINESE
    for codec in ("utf-16-le", "utf-16-be")
]
_FIND_HINTS: Final = BytesAhoCorasick(
    [
        *(hint.encode() for hint in _HINTS),
        *_IN_BYTES,
        *_IN_UTF_16,
        *(quote(word).lower().encode() for word in _IN_BYTES),  # as addresses and forms have them
    ]
)
_LONGEST_HINT: Final = 18  # bytes
_FIRST, _PART = 1 << 12, 1 << 16


def may_name_secret(data: bytes) -> bool:
    """Return whether *data* may contain a member whose name is that of a secret.

    It is a quick test before parsing.
    """
    data = data.lower()
    if b"\0" in data and may_name_secret(data.replace(b"\0", b"")):  # letters in UTF-16
        return True
    begin, size = 0, _FIRST
    while begin < len(data):  # all matches of a part are made, and one is enough
        if _FIND_HINTS.find_matches_as_indexes(data[begin : begin + size + _LONGEST_HINT]):
            return True
        begin, size = begin + size, _PART
    return False


@lru_cache(maxsize=4096)
def is_secret_name(name: str, version: int = VERSION) -> bool:
    """Return whether the value of a member called *name* is a secret, judged by the name alone.

    *version* is that of the rules (see `VERSION`).
    """
    if len(name) > _LONGEST_NAME:
        return False
    if name.endswith(_CHINESE):
        return True
    words = [word for word in _NO_WORD.sub("_", _HUMP.sub("_", name)).lower().split("_") if word]
    while len(words) > 1 and (words[-1] in _AGAIN or words[-1].isdigit()):
        words.pop()
    if not words:
        return False
    words[-1] = words[-1].rstrip("0123456789") or words[-1]
    if words[-1] == "token" and len(words) > 1 and words[-2] in _OF_PAGES:
        return False
    if "_".join(words) in _WHOLE or words[-1] in _RUN_TOGETHER - _WHOLE:
        return True
    endings = ["_".join(words[-count:]) for count in range(1, _MOST_WORDS + 1)]
    return any(ending in _ENDS for ending in endings) or (
        version > 1
        and (
            "_".join(words) in _WHOLE_SINCE_2
            or words[-1].endswith(_JOINED_SINCE_2)
            or any(one.replace("_", "") in _RUN_TOGETHER_SINCE_2 for one in endings)  # passWord
        )
    )


SHORTEST: Final = 6
"""Texts with fewer characters are states and numbers (``sign: 1``), no secrets."""

_BARE: Final = re.compile(r"[\x21-\x7e]+")


def is_secret_value(secret_name: str, text: str, version: int = VERSION) -> bool:
    """Return whether *text*, the value of a member with a secret *secret_name*, has to be redacted.

    A password may be any text except the name itself, which is a label. Other secrets are printable
    ASCII without spaces, perhaps behind a scheme (``Bearer``): the greeting in ``signature`` is
    none, nor the URL in ``authorization``. *version* is that of the rules (see `VERSION`).
    """
    if version > 1:
        text = split_scheme_by_name(secret_name, text)[1]
    if len(text) < SHORTEST or is_recognisable_standin(text) or STANDIN_PREFIX in text:
        return False
    if is_name_of_password(secret_name):
        return text.lower() != secret_name.lower()
    return bool(_BARE.fullmatch(text)) and not text.startswith(("http://", "https://"))


def is_placeholder(text: str) -> bool:
    """Return whether *text* only says where a secret belongs, or hides one.

    Such are ``${PASSWORD}``, ``****``, and ``abc****xyz``; a template may be cut off (``${DB``).
    """
    return _PLACEHOLDER.fullmatch(text) is not None


_PLACEHOLDER: Final = re.compile(
    r"[x*•#?._-]+|.*\*{3}.*|\$\w+|\$?\{.*\}|[$#]\{.*|\{\{.*|\$\(.*|<.*>|\[.*\]|%\w+%|%\(\w+\)s"
    r"|[@:][A-Z_]*(?:pass(?:word|wd)?|pwd|secret|token|key)[\w.]*@?|#\w+#|@[\w.]+@|__[A-Z_]+__"
    r"|\[(?:A-Z|a-z|0-9|\\).*|\^[\[(].*"  # a pattern for passwords, cut off or not
    r"|your[A-Z_-]*\d?"
    r"|(?:my|the)?[-_]?(?:user)?[-_]?(?:password|passwd|passwort|pass|pwd|secret|token|key)",
    re.IGNORECASE | re.DOTALL,
)


def is_template_or_mask(text: str) -> bool:
    """Return whether *text*, the whole value of a member, is ``${PASSWORD}``, ``******`` or so."""
    return _TEMPLATE_OR_MASK.fullmatch(text) is not None


_TEMPLATE_OR_MASK: Final = re.compile(r"[$#]\{[^{}]*\}|\{\{[^{}]*\}\}|[*•]{6,}")


def is_words_and_numbers(text: str) -> bool:
    """Return whether *text* is made of words, numbers and signs, as names of things are.

    Such are ``http-nio-8080-exec-12``, ``SpringSession2026`` and ``HT-2026-00012345``, but not
    what is generated, which changes between letters and digits more often.
    """
    if _SERIAL_NUMBER.fullmatch(text):
        return True
    words = _LETTERS.findall(text)
    if len(text) > _LONGEST_NAME or not any(map(_LOWER_WORD.search, words)):
        return False
    if _SEPARATED.fullmatch(text):
        return True
    changes = len(_LETTERS_BESIDE_DIGITS.findall(text))
    is_speakable = changes <= _MOST_CHANGES and not _CONSONANTS.search(text)
    return is_speakable and sum(map(len, words)) >= _LETTERS_OF_WORD * len(words)


_LETTERS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_LETTERS_BESIDE_DIGITS: Final = re.compile(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_LETTERS_OF_WORD: Final = 4  # on the average; of random letters it is two
_MOST_CHANGES: Final = 2
_CONSONANTS: Final = re.compile("[b-df-hj-np-tv-xz]{5}", re.IGNORECASE)
_SERIAL_NUMBER: Final = re.compile(r"[A-Z]{1,4}[-_]?\d{4,}(?:[-_][A-Z]?\d+)*")
_LOWER_WORD: Final = re.compile(r"(?=[a-z]*[g-z])[a-z]{3}")  # not a number in hexadecimal
_SEPARATED: Final = re.compile(
    r"(?:[A-Z]?[a-z]{1,14}\d{0,4}|[A-Z]{1,14}\d{0,4}|\d{1,8}[A-Z]?[a-z]{0,14})"
    r"(?:[-_.:/+](?:[A-Z]?[a-z]{1,14}\d{0,4}|[A-Z]{1,14}\d{0,4}|\d{1,8}[A-Z]?[a-z]{0,14}))+"
)


def is_letters_and_digits(text: str) -> bool:
    """Return whether *text* has both letters of English and digits, as no word or number has."""
    return _LETTER.search(text) is not None and any(map(str.isdigit, text))


_LETTER: Final = re.compile("[A-Za-z]")


def is_name_of_password(secret_name: str) -> bool:
    """Return whether a *secret_name* is that of a password, which people choose and write down."""
    lower = secret_name.lower()
    return "pass" in lower or "pwd" in lower or secret_name.endswith(_CHINESE)


def restore_plus_signs(secret_name: str, text: str) -> str:
    """Return *text*, decoded from a query or form, with the plus signs that it may have had.

    Signatures in base64 are often sent unescaped, and their plus signs are read as spaces. *text*
    is returned as it is if it is a secret with its spaces, or if it may be words.
    """
    restored = text.replace(" ", "+")
    if restored == text or is_secret_value(secret_name, text):
        return text
    if len(text) < _SHORTEST_ENCODED or not is_secret_value(secret_name, restored):
        return text
    words = _NO_LETTER_OR_DIGIT.sub(" ", text).split()
    encoded = sum(len(word) for word in words if not _PROSE.fullmatch(word))
    return restored if encoded * 2 > len(text) else text


_SHORTEST_ENCODED: Final = 12
_NO_LETTER_OR_DIGIT: Final = re.compile(r"[^A-Za-z0-9]+")
_PROSE: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def split_scheme_by_name(secret_name: str, text: str) -> tuple[str, str]:
    """Split the value of a member into an authentication scheme with its space and the credential.

    The scheme is "" if there is none. A password has none; ``authorization`` may have one that is
    not known, such as ``APPCODE``.
    """
    if is_name_of_password(secret_name):
        return "", text
    scheme, credential = split_scheme(text)
    if not scheme and secret_name.lower().endswith("authorization"):
        scheme, space, credential = text.partition(" ")
        if not space or not _SCHEME.fullmatch(scheme):
            return "", text
        scheme += space
    return scheme, credential


_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


_WORD: Final = re.compile(r"[A-Za-z]+|[0-9./:-]+")
_DISTINCT: Final = 16


def is_redactable_everywhere(text: str) -> bool:
    """Return whether the secret *text* can be redacted wherever it occurs.

    A plain word (``string``) or number (``123456``) of fewer than 16 characters is redacted only in
    the member where it was found.
    """
    return len(text) >= _DISTINCT or not _WORD.fullmatch(text)


_WORDS: Final = re.compile(
    r"(?:[A-Za-z]{1,15}|[0-9]{1,15})"
    r"(?:(?:[-_./:|,+ ]|%[0-9A-Fa-f]{2})(?:[A-Za-z]{1,15}|[0-9]{1,15}))*"
)
_LONGEST_WORDS: Final = 31
_OF_SESSION: Final = re.compile("sid|sess|auth|login|ticket|remember|jwt", re.IGNORECASE)


def is_cookie_redactable_everywhere(name: str, value: str) -> bool:
    """Return whether the *value* of the cookie *name* can be redacted wherever it occurs.

    Most cookies are settings and no secrets (``theme=dark-mode``, ``tz=Asia/Shanghai``): words with
    signs between them are redacted only in the cookie, unless its name is that of a session or a
    secret.
    """
    if _OF_SESSION.search(name) or is_secret_name(name):
        return is_redactable_everywhere(value)
    return len(value) > _LONGEST_WORDS or not _WORDS.fullmatch(value)


def make_texts_around_value(name: str) -> Iterator[tuple[str, str]]:
    """Yield the texts that stand before and after the value of a member *name*, in each format.

    They serve to find the value in a body that is not parsed. The formats are JSON, query or form,
    XML element and attribute, and multipart. The text after it is "" where its end is not known.
    """
    yield f'"{name}":"', '"'
    yield f'"{name}": "', '"'
    yield f"{name}=", ""
    yield f"{name}>", "</"
    yield f"{name}><![CDATA[", "]]>"
    yield f'{name}="', '"'
    if not name.isascii():  # in a form or an address in GBK
        escaped = quote(name, "", "gb18030", "replace")
        yield from ((f"{escaped}=", ""), (f"{escaped.lower()}=", ""))
