"""Turn a finished exchange into what the script gets: a value, or a rejection.

Secrets that a response issues are registered with the vault as soon as it arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from msgspec import UNSET
from msgspec.structs import asdict

from bpmax_sim.errors import BadResponseError, BusinessError, CallError, HttpStatusError
from bpmax_sim.field_path import FieldPath, find_values_at
from bpmax_sim.i18n import change_english_text, join_list, label_message, msg
from bpmax_sim.js_values import stringify_json
from bpmax_sim.messages import REDIRECTS, Headers, Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import OkRule
from bpmax_sim.platform.secrecy import (
    collect_business_codes,
    collect_enumerated_words,
    list_business_code_paths,
    list_paths_extracted_in_clear,
)
from bpmax_sim.proxy.call_effects import NoRepr
from bpmax_sim.proxy.call_plan import Plan
from bpmax_sim.proxy.response import (
    ParsedBody,
    compile_finder,
    find_unmet_condition,
    is_success,
    read_body,
    redact_response,
    satisfies_rule,
    to_comparable_text,
)
from bpmax_sim.secret.vault import Vault

_LONGEST = 300


class ResolvedCallValue(NoRepr, frozen=True):
    """The value that a call resolves with.

    Attributes:
        value: the Python value; integers are exact.
        text: JSON text that the script's own ``JSON.parse`` reads if *kind* is ``json``, the text
            itself if ``text``, else None.
        kind: ``json``, ``text``, ``bytes`` or ``null``.
    """

    value: Any
    text: str | None
    kind: Literal["json", "text", "null", "bytes"]


def read_call_value(
    response: Response,
    plan: Plan,
    body: ParsedBody,
    redact: Callable[[str], str] = str,
) -> ResolvedCallValue:
    """Return the value of *response*, to the call of *plan*, for the script.

    *body* is its parsed body. *redact* hides secrets in errors.

    Raises:
        HttpStatusError: if the status is not 2xx.
        BadResponseError: if the content type says JSON and the body is not JSON.
        BusinessError: if the business code is a failure and the platform rejects failures.
    """
    if plan.recipe.redirects == "result" and response.status in REDIRECTS:
        return _make_redirect_value(response, body)
    if not is_success(response.status):
        line = f"HTTP {response.status} {response.reason}".rstrip()
        raise make_rejection(HttpStatusError, line, response, body, plan, redact)
    recipe = plan.recipe
    if body.kind == "broken" and recipe.result != "bytes":
        message = msg("the response declares JSON but is not JSON: {problem}", problem=body.problem)
        raise make_rejection(BadResponseError, message, response, body, plan, redact)
    # HTTP status and body format come before the business code: an HTML error page has no code.
    if recipe.rejects_business and not satisfies_rule(recipe.rules.ok, response, body):
        headline = _describe_business_failure(recipe.rules.ok, response, body)
        raise make_rejection(BusinessError, headline, response, body, plan, redact)
    if recipe.result == "bytes" or body.kind == "broken":
        return ResolvedCallValue(response.body, None, "bytes")
    if recipe.result != "envelope":
        return ResolvedCallValue(
            body.value, body.text if body.kind in {"json", "text"} else None, body.kind
        )
    # The body's own code, message and data where it has them, else the exchange's.
    rules = recipe.rules
    code, message = rules.find_business_code(response, body), rules.find_message(response, body)
    values = (find(response, body) for find in rules.data)
    data = next((value for value in values if value is not UNSET), body.value)
    value = {
        "code": response.status if code is UNSET else code,
        "message": response.reason if message is UNSET else message,
        "data": data,
    }
    return ResolvedCallValue(value, stringify_json(value).decode(), "json")


def _describe_business_failure(rule: OkRule, response: Response, body: ParsedBody) -> str:
    """Return what is said of a response that fails *rule*, before its code and message.

    Of what the response has no part in, the status or a place that it lacks, it is said that the
    rule asks for it: then the rule may be wrong.
    """
    if rule.status and response.status not in rule.status:
        return msg(
            "business failure: response.ok takes the status {listed}, not {status}",
            listed=join_list(map(str, rule.status)), status=response.status,
        )  # fmt: skip
    unmet = find_unmet_condition(rule, response, body)
    if unmet is not None and unmet.value is UNSET:
        path = rule.all[unmet.number].path
        return msg("business failure: the response has no {path}, as response.ok asks", path=path)
    return msg("business failure")


def _make_redirect_value(response: Response, body: ParsedBody) -> ResolvedCallValue:
    """Return a redirect as a value: status, headers by lower-case name, and body."""
    headers = Headers(response.headers).get_first_values()
    value = {"status": response.status, "headers": headers, "body": body.display_value}
    return ResolvedCallValue(value, stringify_json(value).decode(), "json")


def make_rejection(
    kind: type[CallError],
    headline: str,
    response: Response,
    body: ParsedBody,
    plan: Plan,
    redact: Callable[[str], str],
) -> CallError:
    """Return an error of class *kind* with business code and message of *response*, redacted.

    Its message is name of the call, *headline*, code and message; *redact* hides secrets in them.
    """
    call, rules = plan.call, plan.recipe.rules
    parts = [headline]
    for label, value in (
        ("code ", rules.find_business_code(response, body)),
        ("", rules.find_message(response, body)),
    ):
        if value is not UNSET:
            parts.append(f"{label}{redact(to_comparable_text(value))[:_LONGEST]}")
    return kind(
        change_english_text(label_message(call.name, join_list(parts)), redact),
        platform=call.platform,
        instance=call.instance,
        api=call.api,
        status=response.status,
        response=asdict(redact_response(response, redact)),
    )


def to_rejection_properties(error: CallError) -> dict[str, Any]:
    """Return the own properties of the JavaScript Error that *error* becomes."""
    fields: dict[str, Any] = {
        "message": error.message,
        "code": error.code,
        "platform_key": error.platform,
        "instance_key": error.instance,
        "api": error.api,
    }
    response = None if error.response is None else dict(error.response)
    exchange = {"status": error.status, "response": response}
    return fields | {name: value for name, value in exchange.items() if value is not None}


# Members of the query or fragment of a redirect that tell nothing secret (RFC 6749, 4.1.2.1,
# 4.2.2).
_PUBLIC: Final = frozenset({"error", "error_description", "error_uri", "expires_in", "token_type"})


def register_issued_secrets(request: Request, response: Response, vault: Vault) -> None:
    """Register the secrets in the response to *request*, such as a new token, in *vault*.

    They are the values at the places that the platform file declares as secret or that a login
    extracts as such (``request.sensitive``).
    """
    call = request.call
    if call is None or not request.sensitive:
        return
    body = read_body(response, request.charset)
    for place in request.sensitive:
        for value in _find_values(place.path, response, body):
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                vault.register_issued(
                    call.platform, call.instance, place.name, to_comparable_text(value), place.kind
                )


def find_not_secret_texts(
    platforms: Platforms, request: Request, response: Response | None
) -> frozenset[str]:
    """Return the values of an exchange that its platform declares not to be secret, as texts.

    These are enumerated words, business codes, and what logins extract with ``secret: false``.
    """
    words, paths = _list_clear_words_and_paths(
        platforms, request.call.platform if request.call else ""
    )
    if response is None or not paths or not request.is_login:
        return words
    body = read_body(response, request.charset)
    found = [value for path in paths for value in _find_values(path, response, body)]
    return words.union([value for value in found if isinstance(value, str)])


@lru_cache(maxsize=256)
def _list_clear_words_and_paths(
    platforms: Platforms, platform_key: str
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return what is no secret of platform *platform_key*, as words and as paths in responses.

    The words are those of ``enum`` and business codes; the paths are declared ``secret: false``, or
    as those of a business code.
    """
    platform = platforms.find(platform_key)
    if platform is None:
        return frozenset(), ()
    words = collect_enumerated_words(platform) | collect_business_codes(platform)
    paths = (*list_paths_extracted_in_clear(platform), *list_business_code_paths(platform))
    return words, paths


def _find_values(path: str, response: Response, body: ParsedBody) -> Iterator[Any]:
    """Yield the response's values at *path*: ``body.a[*].b``, or a path as in ``extract``."""
    if path.startswith("body"):
        yield from find_values_at(body.rule_value, FieldPath.parse(path, "secret").steps_below_root)
    elif "*" in path:
        import jsonpath  # noqa: PLC0415 - slow to import, and few paths need it

        if isinstance(body.rule_value, dict | list):
            yield from jsonpath.findall(path, body.rule_value)
    else:
        value = compile_finder(path)(response, body)
        if path.lower() in {"header:location", "header:content-location"} and value is not UNSET:
            # What query and fragment hold, such as ``code`` (RFC 6749, 4.1.2 and 4.2.2), else all.
            # Split as text, since a server may send what is no address.
            address, _, fragment = value.partition("#")
            pairs = parse_qsl(f"{address.partition('?')[2]}&{fragment}")
            yield from [item for name, item in pairs if name not in _PUBLIC] or [value]
        else:
            yield value
