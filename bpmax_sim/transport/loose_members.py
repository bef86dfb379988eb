"""Members of texts that no parser reads: almost JSON, JavaScript, lines of settings, CSV.

Parsers refuse such texts or lose values of them. What is found here serves to search names only.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from bpmax_sim.cassette.model import group_by_name
from bpmax_sim.secret.secret_addresses import FoundSecret
from bpmax_sim.secret.secret_names import (
    SHORTEST,
    is_letters_and_digits,
    is_name_of_password,
    is_placeholder,
    is_redactable_everywhere,
    is_secret_name,
    is_secret_value,
    is_words_and_numbers,
)

_NAME: Final = re.compile(r'(?<!\\)"((?:[^"\\]|\\.){1,480}+)"\s*+:')
_JSONP: Final = re.compile(
    r"(?:\s|/\*.{0,99}?\*/)*+[\w.$]{1,200}\s*+\(\s*+([{\[].*[}\]])\s*\)\s*;?\s*", re.DOTALL
)
# Repetitions are bounded, so that the time grows with the text and not with its square.
_ASSIGNMENT: Final = re.compile(
    r"""(?<![\w$-])(?!(?<=\\)u[0-9A-Fa-f]{4})(?P<mark>["']?)"""
    r"""(?P<name>(?:[\w$-]|\\u[0-9A-Fa-f]{4}){2,80})(?P=mark)\s{0,9}[:=：＝]\s{0,9}"""
    r"""(?P<quote>["'`])(?P<text>(?:(?!(?P=quote))[^\\\r\n]|\\.){6,4000})(?P=quote)"""
)
_SCRIPT_TAG: Final = re.compile(r"<(/?)(script|style)\b[^<>]{0,2000}>", re.IGNORECASE)
_ENCODED: Final = re.compile(r"[A-Za-z0-9][!-~]*")
_MARKS_OF_TEMPLATES: Final = re.compile(r"[{}<>$%()|]")


def restore_repeated_members(value: Any, text: str) -> Any:
    """Return *value*, parsed from the JSON *text*, with all values of secret names in one object.

    Of a name that an object has twice, parsers keep the last value; here it has a list of all.
    """
    counts = Counter(map(_unescape, _NAME.findall(text)))
    if not any(count > 1 and is_secret_name(name) for name, count in counts.items()):
        return value
    try:
        return json.loads(text, object_pairs_hook=group_by_name, strict=False)
    except (ValueError, RecursionError):
        return value


def unwrap_jsonp(text: str) -> str:
    """Return the JSON of *text*, a call of JavaScript such as ``callback({…});``, else ""."""
    found = _JSONP.fullmatch(text)
    return found[1] if found else ""


def find_assigned_secrets(text: str, *, is_data: bool) -> Iterator[tuple[str, str]]:
    """Yield name and value where a secret name stands before a quoted text, as in JavaScript.

    In data, such as JSON that was cut off, a quoted name has any value that a secret may have. In
    programs and pages, which have labels and selectors under these names, too, a value has to look
    like none.
    """
    for found in _ASSIGNMENT.finditer(text):
        name = _unescape(found["name"])
        if not is_secret_name(name):
            continue
        value = _unescape(found["text"])
        if is_secret_value(name, value) and (
            (is_data and found["mark"]) or is_certainly_no_word(value)
        ):
            yield name, value


def find_secrets_in_scripts(markup: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of the secrets in the inline scripts of *markup*."""
    for kind, script in split_scripts(markup):
        if kind == "script":
            yield from find_assigned_secrets(script, is_data=False)


def split_scripts(markup: str) -> Iterator[tuple[str, str]]:
    """Yield the pieces of *markup* with what they are: ``script``, ``style`` or "" for the rest."""
    kind, end = "", 0
    for tag in _SCRIPT_TAG.finditer(markup):
        is_end, called = bool(tag[1]), tag[2].lower()
        if kind in {"", called}:  # within a script, other tags are text
            yield kind, markup[end : tag.start()]
            kind, end = "" if is_end else called, tag.end()
    yield kind, markup[end:]


def is_certainly_no_word(value: str) -> bool:
    """Return whether *value* beside a secret name is no label, path, selector or template.

    Only what has a digit is: texts of programs and forms have these names, too.
    """
    return (
        bool(_ENCODED.fullmatch(value))
        and any(character.isdigit() for character in value)
        and not _MARKS_OF_TEMPLATES.search(value)
        and not is_secret_name(value)
    )


def find_named_value(member: Mapping[Any, Any]) -> tuple[str, str] | None:
    """Return (key of the value, name) of an object that names a secret in one of its own members.

    Such are ``{"name": "password", "value": "…"}`` of HAR, Postman and forms. None for others.
    """
    value_key = next((key for key in member if _fold(key) in _OF_VALUES), None)
    if value_key is None or not isinstance(text := member[value_key], str):
        return None
    for key, name in member.items():
        if isinstance(name, str) and _fold(key) in _OF_NAMES and is_secret_name(name):
            return (str(value_key), name) if _is_value_of_pair(name, text) else None
    return None


_OF_NAMES: Final = frozenset({"name", "key", "field", "fieldname", "paramname", "param"})
_OF_VALUES: Final = frozenset({"value", "val", "fieldvalue", "paramvalue"})


@lru_cache(maxsize=4096)
def _fold(key: object) -> str:
    return str(key).replace("_", "").lower()


def _is_value_of_pair(name: str, text: str) -> bool:
    return (
        is_secret_value(name, text)
        and is_certainly_no_word(text)
        and is_redactable_everywhere(text)  # beside the name of such a pair it is not looked for
    )


def _unescape(text: str) -> str:
    """Return the text of a literal of JSON or JavaScript; as it is if it has other escapes."""
    if "\\" in text:
        with suppress(ValueError):
            unescaped: str = json.loads('"{}"'.format(text.replace("\\'", "'")))
            return unescaped
    return text


def group_texts(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return *pairs* by name, each value once."""
    return group_by_name([*dict.fromkeys(pairs)])


def find_settings(text: str) -> Iterator[FoundSecret]:
    """Yield the secrets that *text* assigns without quotes: ``password = x``, ``密码：x``.

    It may be a file of settings, the connection string of a database, a table in CSV or prose. In
    prose a value has to look like no word, as sentences speak of passwords, too.
    """
    yield from _find_in_table(text)
    yield from _find_in_connections(text)
    if _PROGRAM.search(text):
        return
    is_file = _is_file_of_settings(text)
    for found in _SETTING.finditer(text):
        name, value = found["name"], found["text"].rstrip(".!?:)]}")
        is_word_of_file = is_file and found["sign"] == "=" and _is_word_of_file(name, value)
        begin = found.start()
        before = text[begin - 1 : begin]
        is_part_of_name = ":" in value and found["mark"] == ":" and _NAMES.fullmatch(value)
        if (
            _is_named_secret(name, value)
            and not is_part_of_name
            and not (before == ";" and _IN_ADDRESS.search(text, max(0, begin - 300), begin))
            and (is_word_of_file or _is_no_prose(name, value))
        ):
            end = found.start("text") + len(value)
            yield FoundSecret(name, value, name + found["mark"], text[end : end + 1])


def _is_named_secret(name: str, value: str) -> bool:
    return (
        is_secret_name(name)
        and is_secret_value(name, value)
        and not is_placeholder(value)
        and not _DESCRIPTION.fullmatch(value)
        and not (_is_password(name) and (_PATH.fullmatch(value) or _ESCAPED_LETTER.search(value)))
    )


_DESCRIPTION: Final = re.compile(
    # states and types, which tables and files have below such a name
    r"required|optional|invalid|missing|mismatch|incorrect|expired|disabled|enabled|hidden|visible"
    r"|unknown|undefined|passed|failed|success|changed|encrypted|protected|filtered|redacted|masked"
    r"|string\d*|n?varchar2?|char\d*|u?int(?:eger)?\d*(?:array)?|boolean|utf8mb4"
    # days and times
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T_].*)?"
    # objects of Java
    r"|[a-z]\w*(?:\.[\w$]+){2,}@[0-9a-f]{1,8}",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.@-]{1,40})+[/\\]?")
_ESCAPED_LETTER: Final = re.compile(r"\\u(?!00[0-7])[0-9A-Fa-f]{4}")  # as properties have a label


def _is_password(name: str) -> bool:
    """Return whether people choose the value of a secret *name*, and it may be a word or number.

    ``pass`` counts tests, and a key or token in Chinese is generated as one in English is.
    """
    is_generated = name.endswith(("密钥", "私钥", "令牌"))
    return is_name_of_password(name) and name.lower() != "pass" and not is_generated


# A name may be Chinese, without a space before it; a value ends before what ends a clause.
_SETTING: Final = re.compile(
    r"(?<![\w.=&?%/$-])(?P<name>[A-Za-z_\u4e00-\u9fff](?:(?![为是][:：A-Za-z0-9])[\w.-]){1,79}+)"
    r"(?P<mark>[ \t]{0,9}+(?P<sign>[为是]?[=:：＝]|[为是])[ \t]{0,9}+"
    r"(?:(?:Bearer|Basic|Token|APPCODE)[ ]|[“‘「『【])?+)"
    r"(?P<text>(?:(?![\"'`<>,;]|&[\w.]+=)[!-~]){6,300}+)"
    r"(?=$|[\s\"'<>,;&\u3000-\u303f\uff00-\uff65‘-”])"
)
_IN_ADDRESS: Final = re.compile(r"/[^\s\"'<>]*;\Z")  # secret_addresses knows its parameters
_FILE_LINE: Final = re.compile(
    r"\s*(?:[#;!].*|\[[^\]\n]+\]|(?:(?:export|set)\s)?\s*(?P<name>[\w.-]+)\s*=.*)?"
)
_FEWEST_SETTINGS: Final = 2  # a single line may be a message: "password = required"
_PROGRAM: Final = re.compile(
    r"\bfunction\s*[\w$]*\s*\(|=>|\b(?:var|let|const)\s+[\w$]+\s*=|\breturn\b[^.;\n]{0,200};"
    r"|\b(?:document|window|self|this)\.\w|^[ \t]*+(?:def|class)[ \t]+\w+.*[:{]$",
    re.MULTILINE,
)
_NAMES: Final = re.compile(r"[\w-]+(?::[\w*-]+)+")  # session:user:10086:cart, a key of Redis
_NO_VALUE: Final = re.compile(  # a path, an address, a member of a variable
    r"[/.$].*|.*://.*|(?!eyJ)[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)+|.*\(.*"
    # algorithms and standards
    r"|(?:(?:hmac|rsa|ecdsa|sha|md|sm|aes|3?des|bcrypt|argon|pbkdf|ed|base|utf|rc|hs|rs|es)[-_]?)+"
    r"\d{1,5}[A-Za-z]{0,3}(?:[-_/:][A-Za-z0-9]{1,10})*"
    r"|(?>(?:hmac|rsa|ecdsa|sha|md|sm|aes|3?des|ed|base|utf|rc|hs|rs|es|pkcs|jwt|pem|der|with|or"
    r"|encryption)[-_/#]?(?:\d{1,5}(?![0-9]))?[-_/]?)+"
    r"|(?:gb|gm|iso)[-_/]?t?[-_/]?\d{4,5}(?:[-.]\d{4})?"
    # sizes, cells and steps, codes of errors, contracts
    r"|(?:\d+[-~])?\d+(?:bits?|ms|chars?|characters|bytes|digits)|(?:(?:min|max|len)[-_=]?\d+)+"
    r"|(?:sheet|col|column|row|line|step|level|code|err|error|ora)[-_]?\d{1,5}(?:of\d+|!\w+)?"
    r"|[A-Z]{1,4}(?:-\d{2,8}){2,}",
    re.IGNORECASE,
)
_OF_ACTIONS: Final = re.compile("忘记|找回|上次|修改|更改|变更|重置|输入|校验|验证")
_CONTACT: Final = re.compile(r"\d{8}|\d{10,}|[\w.-]+@[\w-]+(?:\.[\w-]+)+|[\w-]+(?:\.[\w-]+)+/.*")
"""Behind ``忘记密码：`` stands whom to call or a day, and not the password."""
_SHORTEST_TOKEN: Final = 12


def _is_file_of_settings(text: str) -> bool:
    """Return whether *text* has settings, headings and comments alone, as an INI file has."""
    lines = [_FILE_LINE.fullmatch(line) for line in text.splitlines()]
    return all(lines) and sum(bool(line and line["name"]) for line in lines) >= _FEWEST_SETTINGS


def _is_no_prose(name: str, value: str) -> bool:
    """Return whether *value* behind the secret *name* and a colon or so is certainly a secret."""
    if _NO_VALUE.fullmatch(value) or (_LABEL.fullmatch(value) and is_secret_name(value)):
        return False
    if _OF_ACTIONS.search(name) and _CONTACT.fullmatch(value):
        return False
    if _is_password(name):
        return is_letters_and_digits(value) or value.isdigit()
    shortest = SHORTEST if is_name_of_password(name) and not name.isascii() else _SHORTEST_TOKEN
    return len(value) >= shortest and _is_generated(value)


def _is_generated(value: str) -> bool:
    return is_letters_and_digits(value) and not is_words_and_numbers(value)


def _is_word_of_file(name: str, value: str) -> bool:
    """Return whether *value* is secret in a file of settings: any but the name of a member."""
    return _is_password(name) and not (value.isalpha() and is_secret_name(value))


_LABEL: Final = re.compile(r"[a-z]+(?:[_-][a-z]+)*\d?|[A-Z]+(?:[_-][A-Z]+)*\d?")
_CONNECTION: Final = re.compile(
    r"(?<![\w.])(?:[A-Za-z][\w .]{0,39}+=[^;\r\n\"'<>(){}]{0,300}+;[ ]?){1,40}"
    r"(?:[A-Za-z][\w .]{0,39}+=[^;\s\"'<>(){}]{1,300}+)?"
    r"|(?<![\w.])(?:[a-z_]{2,30}+=[^\s\"'<>(){};]{1,300}+[ ]){1,40}"
    r"[a-z_]{2,30}+=[^\s\"'<>(){};]{1,300}+"
)
_CONNECTION_PAIR: Final = re.compile(r"(?<![\w.])([A-Za-z][\w .]{0,39})=([^;\s]*)")
_JDBC: Final = re.compile(r"\bjdbc:[^\s;=]{1,300};\Z")
_OF_CONNECTIONS: Final = frozenset({
    "server", "host", "hostaddr", "datasource", "database", "databasename", "dbname", "dsn",
    "driver", "initialcatalog", "endpoint", "accountname", "serviceprovider",
})  # fmt: skip
"""Names of which a connection string of ADO, ODBC, libpq or Azure has at least one."""


def _find_in_connections(text: str) -> Iterator[FoundSecret]:
    for run in _CONNECTION.finditer(text) if "=" in text else ():
        pairs = _CONNECTION_PAIR.findall(run[0])
        names = [_fold(name.replace(" ", "")) for name, _ in pairs]
        before = text[max(0, run.start() - _LONGEST_JDBC) : run.start()]
        if _OF_CONNECTIONS.isdisjoint(names) and not _JDBC.search(before):
            continue
        for name, value in pairs:
            if _is_named_secret(name, value) and _may_be_any_word(name, value):
                yield FoundSecret(name, value, f"{name}=", "")


_LONGEST_JDBC: Final = 300


def _may_be_any_word(name: str, value: str) -> bool:
    """Return whether *value*, where nobody writes prose, is secret: words are passwords alone."""
    return _is_password(name) or _is_generated(value)


_WORDS: Final = frozenset({
    "auth", "cookie", "credential", "credentials", "pass", "session", "sig", "sign", "signature",
})  # fmt: skip
"""Headings that tables of other things have, too: 场次, 证书, 签收."""
_DELIMITERS: Final = (",", "\t", ";", "|")
_LONGEST_HEADING: Final = 40
_NO_SPACE: Final = re.compile(r"[!-~]+")


def _find_in_table(text: str) -> Iterator[FoundSecret]:
    """Yield the secrets in the columns of a CSV table whose heading is a secret's name.

    A value in quotes is the text between them, as it stands.
    """
    start = len(text) - len(text.lstrip("\ufeff\r\n"))
    heading = re.split("[\r\n]", text[start : start + 2000], maxsplit=1)[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    if delimiter not in heading:
        return
    names = [name.strip() for name in next(csv.reader([heading.strip()], delimiter=delimiter), [])]
    secret = [at for at, name in enumerate(names) if is_secret_name(name)]
    if not secret or not all(len(name) <= _LONGEST_HEADING for name in names):
        return
    rows = [*_split_rows(text, start, delimiter)][1:]
    if any(len(row) != len(names) for row in rows[:-1]) or any(
        len(row) > len(names) for row in rows[-1:]
    ):
        return  # the last one may be cut off
    for row in rows:
        for at in (at for at in secret if at < len(row)):
            begin, end = row[at]
            name, value = names[at], text[begin:end].strip(" ")
            begin = text.index(value, begin)
            end = begin + len(value)
            is_text = _NO_SPACE.fullmatch(value) and _may_be_any_word(name, value)
            is_text = is_text and (len(value) >= _SHORTEST_TOKEN or name.lower() not in _WORDS)
            if is_text and _is_named_secret(name, value):
                yield FoundSecret(name, value, text[row[0][0] : begin], text[end : row[-1][1]])


def _split_rows(text: str, start: int, delimiter: str) -> Iterator[list[tuple[int, int]]]:
    """Yield the rows of the table *text* from *start* on: where each cell begins and ends."""
    mark = re.escape(delimiter)
    cell = re.compile(rf'(?:"((?:[^"]|"")*+)"|([^{mark}\r\n]*+))({mark}|\r?\n|\r|\Z)')
    row: list[tuple[int, int]] = []
    while found := cell.match(text, start):
        row.append(found.span(2 if found[1] is None else 1))
        start = found.end()
        if found[3] != delimiter:
            if len(row) > 1 or row[0][0] < row[0][1]:  # no empty line
                yield row
            row = []
            if start == len(text):
                return
