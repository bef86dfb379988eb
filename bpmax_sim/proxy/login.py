"""A login: the requests of ``acquire`` in order, the values they yield, and the life of the token.

A refused login is never sent again, as third parties lock an account or address after several wrong
secrets. A login that is answered with a rate limit was not examined; it waits as ``recover: rate``
says. Errors quote only code and message of a body, as the rest may hold a secret that is not known
yet.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from math import isfinite
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from msgspec import UNSET
from msgspec.structs import asdict, replace

from bpmax_sim.cassette.matching import rebuild_call_without_injected
from bpmax_sim.errors import AuthError, BpmaxError, CallError, ConfigError, HttpStatusError
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.js_values import has_surrogate
from bpmax_sim.messages import LOGIN, Call, Headers, Pairs, Request, Response, split_below
from bpmax_sim.path_template import quote_invalid_path_characters
from bpmax_sim.platform.model import (
    Acquire,
    Auth,
    Extract,
    LoginRequest,
    LoginStep,
    OkRule,
    Ttl,
    is_set,
    make_host_template_name,
)
from bpmax_sim.platform.template import find_names, iterate_texts, render
from bpmax_sim.proxy import auth, encode
from bpmax_sim.proxy.call_effects import Effect, Flow, Grant, Send, Sleep
from bpmax_sim.proxy.call_plan import CallRandomness, Plan
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.cookies import format_cookies
from bpmax_sim.proxy.environment import Environment, RenewableCredentialStore
from bpmax_sim.proxy.login_redirects import (
    MOST_HOPS,
    RefusedRedirectError,
    describe_address,
    follow_redirect,
    is_redirect,
)
from bpmax_sim.proxy.recovery import TOO_MANY, NoRetry, ReceivedResponse, decide_wait
from bpmax_sim.proxy.response import (
    ParsedBody,
    compile_finder,
    find_first_non_null_value,
    is_success,
    read_body,
    redact_response,
    satisfies_rule,
    to_comparable_text,
)
from bpmax_sim.secret.credential_headers import hide_cookie
from bpmax_sim.secret.standin import find_text_standin, make_standin
from bpmax_sim.secret.vault import Vault

_PLAIN = re.compile(r"[\w$-]+")


def make_login_request(
    recipe: CompiledApi, declared: LoginRequest, names: Mapping[str, Any]
) -> Request:
    """Return the request of a login step, made from its declaration and the values *names*.

    *recipe* is the API whose call needs the login. The request's `Call`, by which a recording is
    found, leaves out each value that is new in each login: time, nonce or call id. Redirects are
    not left to the transport: they are followed with the login's cookies (`_send_with_redirects`).

    Raises:
        ConfigError: if a template cannot be used, or gives a value that cannot be sent.
    """
    key = recipe.platform.platform_key
    try:
        base, path, query = _make_login_address(recipe, declared, names)
        query += encode.to_query_pairs(fill_templates(declared.query, names))
        payload = None
        if is_set(declared.form):
            fields = fill_templates(declared.form, names).items()
            form = {name: item for name, item in fields if item is not None}
            payload = encode.encode_payload(form, "form")
        elif is_set(declared.body):
            payload = encode.encode_payload(fill_templates(declared.body, names), "json")
        headers = tuple([
            (name, encode.encode_header_value(name, render(value, names)))
            for name, value in declared.headers.items()
        ])  # fmt: skip
        if payload and "content-type" not in Headers(headers):
            headers += (("Content-Type", payload.content_type),)
        text = encode.encode_query(query)
    except encode.BadValueError as error:
        raise ConfigError(
            "the login of {key!r} cannot be sent: {error}", key=key, error=error
        ) from None
    call = Call(
        platform=key,
        instance=recipe.instance.instance_key,
        api=LOGIN,
        method=declared.method.upper(),
        path=path,
        query=query,
        headers=headers,
        body=payload.data if payload else None,
    )
    request = Request(
        method=call.method,
        url=f"{base}{path}?{text}" if text else base + path,
        headers=headers,
        body=call.body,
        timeout=recipe.timeout,
        call=call,
        base=base,
        confined=True,
        injected=tuple(_find_time_and_nonce_places(recipe, declared)),
        personal=tuple(recipe.platform.redact),
        follow=False,
    )
    if not request.injected:
        return request
    return replace(request, call=rebuild_call_without_injected(request, call))


def _find_time_and_nonce_places(recipe: CompiledApi, declared: LoginRequest) -> Iterator[str]:
    """Yield the places of a login request whose value is new in each login: time, nonce, call id.

    A place also counts if its template uses a parameter of auth that itself uses one of these.
    """
    if auth.CHANGING.isdisjoint(recipe.uses):
        return
    parameters = recipe.auth.parameters.items()
    # Until nothing is added: a parameter may be made from another one that is made from the time.
    names, more = frozenset[str](), auth.CHANGING
    while more != names:
        names = more
        more = names | {name for name, value in parameters if _uses_names(value, names)}
    for root, value in declared.content_by_place:
        yield from _find_places_using(root, value, names)


def _find_places_using(place: str, value: Any, names: frozenset[str]) -> Iterator[str]:
    """Yield the places below *place* whose template uses one of *names*; a list is one place."""
    if isinstance(value, Mapping) and all(map(_PLAIN.fullmatch, value)):
        for name, item in value.items():
            yield from _find_places_using(f"{place}.{name}", item, names)
    elif _uses_names(value, names):
        yield place


def _uses_names(value: Any, names: frozenset[str]) -> bool:
    return not all(names.isdisjoint(find_names(text)) for text in iterate_texts(value))


class LoginAddress(NamedTuple):
    """The address to which the request of a login step goes, in parts.

    Attributes:
        base: the platform's URL, or the address's own origin if it is not below that URL.
        path: path below the base.
        query: query parameters that are written in the address.
    """

    base: str
    path: str
    query: Pairs


def _make_login_address(
    recipe: CompiledApi, declared: LoginRequest, names: Mapping[str, Any]
) -> LoginAddress:
    """Return the address to which the request of a login step goes.

    *declared* is that request in the platform file, with templates, and *names* are their values.

    Raises:
        ConfigError: if the address is not absolute.
    """
    base = str(names[make_host_template_name(declared.host)]).rstrip("/")
    if declared.url:
        address = render(declared.url, names)
    else:
        path = quote_invalid_path_characters(render(declared.path, names))
        address = base + (path if path.startswith("/") or not path else f"/{path}")
    parts = urlsplit(address)
    if not parts.scheme or not parts.netloc:
        key = recipe.platform.platform_key
        raise ConfigError(
            "the login address of {key!r} is not absolute; start it with https://", key=key
        )
    rest = split_below(address, base)
    if rest is None:
        base = f"{parts.scheme}://{parts.netloc}"
        rest = address[len(base) :]
    path = rest.partition("#")[0].partition("?")[0]
    query = parse_qsl(parts.query, keep_blank_values=True) if parts.query else ()
    return LoginAddress(base, path, tuple(query))


def fill_templates(value: Any, names: Mapping[str, Any]) -> Any:
    """Return a copy of *value* with every template in it rendered; *names* are their values."""
    if isinstance(value, str):
        return render(value, names)
    if isinstance(value, Mapping):
        return {name: fill_templates(item, names) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill_templates(item, names) for item in value]
    return value


TTL: Final = "ttl"
RATE: Final = "rate"
_UNITS: Final = {"s": 1.0, "ms": 0.001, "absolute": 1.0, "absolute_ms": 0.001}
# Errors of OAuth (RFC 6749, 5.2), of 企业微信 and 钉钉 (errcode, errmsg), of 飞书 (code, msg), and
# common names. They only make the message of an error; no decision depends on them.
_CODES: Final = tuple(map(compile_finder, ("$.error", "$.errcode", "$.code")))
_MESSAGES: Final = tuple(
    map(compile_finder, ("$.error_description", "$.errmsg", "$.message", "$.msg", "$.error_msg"))
)
_LONGEST: Final = 200


def compute_renewal_instant(ttl: Ttl, life_or_end: Any, now: float) -> float:
    """Return the instant from which a grant is renewed: ``ttl.margin`` seconds before it expires.

    *life_or_end* is the life or the end of the grant as the login's response gives it, in
    ``ttl.unit``; None if it gives none, then ``ttl.default`` is the life. *now* is when the login
    was sent. If the life is shorter than twice the margin, half of it is used; otherwise every call
    would log in again.
    """
    life = float(life_or_end) * _UNITS[ttl.unit] if life_or_end is not None else now + ttl.default
    if life_or_end is None or ttl.unit.startswith("absolute"):
        life -= now
    return now + life - min(ttl.margin, max(life, 0) / 2)


@dataclass(slots=True)
class LoginResponse:
    """The response to one request of a login, to be judged by the declared step.

    Attributes:
        step: the login step that was sent.
        sent_at: instant of the auth clock at which it was sent.
    """

    step: LoginStepRun
    request: Request
    response: Response
    sent_at: float
    body: ParsedBody = field(init=False)

    def __post_init__(self) -> None:
        self.body = read_body(self.response, self.plan.recipe.platform.charset)

    @property
    def plan(self) -> Plan:
        """Return the plan of the call that needs the login."""
        return self.step.plan

    @property
    def vault(self) -> Vault:
        """Return the vault of the session, which holds its secrets and their stand-ins."""
        return self.step.env.vault

    @property
    def is_accepted(self) -> bool:
        """Whether the login step succeeded.

        That is decided by the step's own ``ok`` rule. Without one, the status has to be 2xx, and
        the platform's ``ok`` conditions have to hold for the values that the response has.

        A redirect to the login page is never a success, whatever its status: many login forms
        answer a wrong password so.
        """
        if self.plan.recipe.rules.is_redirected_to_login(self.response):
            return False
        ok = self.step.declared.ok
        if isinstance(ok, OkRule):
            return satisfies_rule(ok, self.response, self.body)
        # The platform's rule is written for its business APIs; many answer a login in another form,
        # such as OAuth's, which has no errcode.
        rule = OkRule(all=self.plan.recipe.rules.ok.all)
        return satisfies_rule(rule, self.response, self.body, absent_ok=True)

    @property
    def is_rate_limited(self) -> bool:
        """Whether the server refused only because of too many requests.

        Credentials were not examined.
        """
        rules = self.plan.recipe.rules
        known = rules.find_failure_class(self.response, self.body)
        return self.response.status == TOO_MANY or known == RATE

    def make_rate_limit_error(self, why: str) -> CallError:
        """Return the error of a rate-limited login; *why* says why it was not sent again."""
        hint = msg("; wait and try again, or declare recover: {rate: {tries: 3}}")
        kind = AuthError if is_success(self.response.status) else HttpStatusError
        return self.make_error(
            msg("met a rate limit"), msg("; {why}{hint}", why=why, hint=hint), kind
        )

    def collect_values(self) -> None:
        """Add the values that the step extracts to the grant, and register the secret ones.

        Raises:
            AuthError: if a value is missing, or is neither a text nor a number.
        """
        yielded = self.step.grant
        for name, rule in self.step.declared.extract.items():
            value = self._extract_value(name, rule)
            if value is UNSET:
                continue
            yielded.values[name] = yielded.standins[name] = value
            if rule.secret:
                call, text = self.plan.call, to_comparable_text(value)
                yielded.values[name] = text
                yielded.standins[name] = self.vault.register_issued(
                    call.platform, call.instance, name, text, rule.kind
                )

    def store_renewed_credentials(self, names: frozenset[str]) -> None:
        """Store the new values of the credentials *names*, for later logins of any process.

        Only those of a live response are stored, not of a recorded one.

        Raises:
            ConfigError: if they cannot be stored.
        """
        if self.response.source == "live":
            values = self.step.grant.values
            new = names & self.step.declared.extract.keys() & values.keys()
            self.step.renewal.store({name: to_comparable_text(values[name]) for name in new})

    def _extract_value(self, name: str, rule: Extract) -> Any:
        """Return the value that the login yields as *name*, found by *rule*.

        `UNSET` if it is missing and not needed: it is declared optional, or is the lifetime
        ``ttl``, which has a default.

        Raises:
            AuthError: if a needed value is missing, or has a wrong type.
        """
        value = self._find_value(rule.path)
        if value is UNSET:
            value = self._find_standin_in_page(name, rule)
        if value is UNSET or value is None or value == "":
            # A life that JSON does not give is `ttl.default`; what is no JSON at all is not the
            # response that the step was written for.
            if rule.optional or (name == TTL and self.body.rule_value is not None):
                return UNSET
            where = msg("; expected it at {rule_path}", rule_path=rule.path)
            if rule.path.startswith("cookie"):
                where = msg("{where}{cookies}", where=where, cookies=self._explain_missing_cookie())
            raise self.make_error(msg("yields no {name}", name=name), where)
        if problem := _describe_value_problem(name, value):
            raise self.make_error(problem, msg("; see {rule_path}", rule_path=rule.path))
        return float(value) if name == TTL else value

    def _find_value(self, path: str) -> Any:
        """Return the value at *path*; `UNSET` if there is none, None for a missing ``cookie:name``.

        For ``cookie:name`` and ``cookies``, the cookies of all responses of the login so far count.
        """
        if path == "cookies":
            live = self.plan.tenant.live
            pairs = self.step.grant.cookies.find_cookies_for_host(
                self.request.url if "{" in live else live
            )
            return format_cookies(pairs) or UNSET
        kind, _, name = path.partition(":")
        if kind == "cookie":
            return self.step.grant.cookies.find_value(name.strip())
        return compile_finder(path)(self.response, self.body)

    def _find_standin_in_page(self, name: str, rule: Extract) -> Any:
        """Return the stand-in of *name* in a recorded page where *rule* (``regex:``) finds nothing.

        `UNSET` if there is none. The pattern is written for the form of the real value, which a
        stand-in need not have.
        """
        call = self.plan.call
        known = rule.secret and rule.path.startswith("regex:")
        shown = known and find_text_standin(
            self.body.text, platform=call.platform, instance=call.instance, name=name
        )
        return shown or UNSET

    def _explain_missing_cookie(self) -> str:
        """Return which cookies were refused, or else the hosts of the accepted ones, for a message.

        Empty if there are neither.
        """
        refused = [f"{name} ({domain})" for name, domain in self.step.grant.cookies.refused.items()]
        if refused:
            return msg(
                "; cookies that were set for another domain than the server's own are not taken: "
                "{names}",
                names=join_list(refused),
            )
        hosts = self.step.grant.cookies.hosts
        return msg("; its cookies are for {hosts}", hosts=join_list(hosts)) if hosts else ""

    def make_refusal_error(self) -> CallError:
        """Return the error of a refused login, with advice."""
        hint = msg("; check its credentials")
        if place := self.step.renewal.source:
            hint = msg(
                "{hint}, of which the newest came from {place}: get a new one and declare it",
                hint=hint,
                place=place,
            )
        if self.plan.recipe.rules.is_redirected_to_login(self.response):
            hint = msg("; it leads back to the form; check its credentials")
        elif is_redirect(self.response) and (address := self._describe_redirect_target()):
            hint = msg(
                "{hint}; it redirects to {address}: where that is its success, say follow: true "
                "for this step, or ok: {{status: [{status}]}}",
                hint=hint,
                address=address,
                status=self.response.status,
            )
        return self.make_error(msg("was refused"), hint)

    def _describe_redirect_target(self) -> str:
        """Return the address that the response redirects to, for a message; "" if it is none."""
        try:
            location = urljoin(self.request.url, self.response.header("location") or "")
            return describe_address(location)
        except ValueError:  # such as one with an unclosed bracket
            return ""

    def make_error(self, event: str, hint: str, kind: type[CallError] = AuthError) -> CallError:
        """Return an error such as "the login of instance 'prod' was refused" with the response.

        *event* is what happened, such as ``was refused``; *hint* is added at the end; *kind* is the
        class of the error.
        """
        call, response = self.plan.call, self.response
        sent = self.request.recorded_form.call
        message = msg(
            "{platform}: the login of instance {instance!r} {what} (step {number}, "
            "{line}): {message}{hint}",
            platform=call.platform,
            instance=call.instance,
            what=event,
            number=self.step.number,
            line=f"{sent.method} {sent.path}" if sent else self.request.method,
            message=join_list(self._describe_response()),
            hint=hint,
        )
        shown = redact_response(response, self.vault.redact_for_output)
        return kind(
            self.vault.redact_for_output(message),
            platform=call.platform,
            instance=call.instance,
            api=call.api,
            status=response.status,
            response={**asdict(shown), "body": None},
        )

    def _describe_response(self) -> Iterator[str]:
        """Yield status, content type, code and message of the response, as far as it has them."""
        response, body, rules = self.response, self.body, self.plan.recipe.rules
        yield msg("HTTP {status}", status=response.status)
        yield from self._describe_body()
        for label, first, further in (
            ("code ", rules.find_business_code, _CODES),
            ("", rules.find_message, _MESSAGES),
        ):
            extracted = first(response, body)
            value = (
                find_first_non_null_value(further, response, body)
                if extracted is UNSET
                else extracted
            )
            if isinstance(value, str | int | float):
                yield f"{label}{self.vault.redact_for_output(to_comparable_text(value))[:_LONGEST]}"

    def _describe_body(self) -> Iterator[str]:
        if isinstance(self.body.rule_value, dict):
            return
        if isinstance(self.body.rule_value, list):
            yield msg("a JSON array")
        elif self.body.kind == "null":
            yield msg("an empty body")
        elif self.body.kind == "broken":
            yield msg("broken JSON ({problem})", problem=self.body.problem)
        else:
            media = Headers(self.response.headers).media_type or msg("no content type")
            count = len(self.response.body)
            yield msg("{media}, {body_count} bytes", media=media, body_count=count)


def _describe_value_problem(name: str, value: Any) -> str:
    """Return why a login cannot yield *value* as *name*; empty if it can."""
    if isinstance(value, str) and "\ufffd" in value:
        return msg("yields a {name} that is not text in the charset of its page", name=name)
    if name == TTL and not _is_finite_or_numeric_text(value):
        return msg("yields a {name} that is not a number", name=name)
    if isinstance(value, dict | list | bool) or (isinstance(value, str) and has_surrogate(value)):
        return msg("yields a {name} that is no text", name=name)
    return ""


def _is_finite_or_numeric_text(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def make_login_key(plan: Plan) -> str:
    """Return the text by which calls share a login: platform, instance, and a digest.

    The digest is of the declared login with its parameters, and of the credentials whose names
    ``share`` lists.
    """
    recipe, real = plan.recipe, plan.tenant.real
    cached = recipe.memo.get("login")
    if cached is not None and cached[0] == real:
        return str(cached[1])
    acquire = recipe.auth.acquire
    shared = [(name, real.get(name)) for name in (acquire.share if acquire else ())]
    described = repr((shared, acquire, *_list_login_parameters(recipe.auth)))
    digest = sha256(described.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    key = f"{recipe.platform.platform_key}/{recipe.instance.instance_key}/{digest}"
    recipe.memo["login"] = (real, key)
    return key


def _list_login_parameters(auth: Auth) -> list[tuple[str, Any]]:
    """Return the parameters of *auth* that its login uses, also those that only another one uses.

    Those that are only put into calls, such as a prefix of the token, are left out.
    """
    names: frozenset[str] = frozenset().union(*map(find_names, iterate_texts(auth.acquire)))
    used: list[tuple[str, Any]] = []
    for name, value in reversed([*auth.parameters.items()]):  # one uses only those before it
        if name in names:
            used.append((name, value))
            names = names.union(*map(find_names, iterate_texts(value)))
    return used


def login(plan: Plan, acquire: Acquire, env: Environment) -> Flow:
    """Log in for the instance of *plan*; each step is sent once, except after a rate limit.

    A generator: it yields effects such as `Send`, and returns the `Grant`. *acquire* is the login
    in the platform file.

    Raises:
        AuthError: if a step is refused, or its response lacks a value.
        HttpStatusError: if the rate limit still holds after all waits.
        TransportError: if an exchange fails.
    """
    key, recipe = make_login_key(plan), plan.recipe
    settled = partial(
        env.finish_login_attempt, recipe.platform.platform_key, recipe.instance.instance_key
    )
    names = _list_replaced_credentials(plan, acquire)
    renewal = (
        env.find_credential_store(recipe, plan.tenant, names)
        if names
        else RenewableCredentialStore()
    )
    grant = Grant(values={}, standins={}, expires=0)
    born = 0.0
    try:
        yield from _lock_and_load_credentials(grant, plan, env, renewal, names)
        for number, step in enumerate(acquire.steps, 1):
            answer = yield from _send_step_until_accepted(
                LoginStepRun(plan, number, step, grant, env, renewal)
            )
            answer.collect_values()
            # Before the next step is sent: a rotated refresh token is lost if the process dies in
            # between.
            answer.store_renewed_credentials(names)
            if number == 1 or TTL in step.extract:
                born = answer.sent_at  # the third party counts from then or later
        grant.expires = compute_renewal_instant(acquire.ttl, grant.values.get(TTL), born)
    # Also on Ctrl-C: other processes wait until this login is settled.
    except BaseException:
        _note_replaced_credentials(env, key, grant, names)
        settled(None)
        raise
    finally:
        renewal.release_lock()
    env.renewed[key] = grant
    settled(grant.expires - born)
    return grant


_PAUSE: Final = 0.05  # seconds between two looks whether another process still logs in


def _list_replaced_credentials(plan: Plan, acquire: Acquire) -> frozenset[str]:
    """Return the names of credentials that the login replaces, as its response has new ones.

    An example is a refresh token that may be used once.
    """
    extracted = {name for step in acquire.steps for name in step.extract}
    return frozenset(extracted & plan.tenant.real.keys())


def _note_replaced_credentials(
    env: Environment, key: str, failed: Grant, names: frozenset[str]
) -> None:
    """Let the next login *key* of the session send the newest of the credentials *names*.

    A step has replaced them, and the third party does not take the earlier ones any more, although
    a later step *failed*.
    """
    for name in names & failed.values.keys():
        known = env.renewed.setdefault(key, failed)
        known.values[name], known.standins[name] = failed.values[name], failed.standins[name]


def _lock_and_load_credentials(
    grant: Grant,
    plan: Plan,
    env: Environment,
    renewal: RenewableCredentialStore,
    names: frozenset[str],
) -> Generator[Effect, Any, None]:
    """Put the newest values of the credentials *names* into *grant*; lock *renewal* for them.

    They come from earlier logins of this session, or of other processes (`renewal.values`). While
    another process logs in, this one waits.
    """
    while not renewal.try_lock_and_read():
        yield Sleep(_PAUSE)
    last = env.renewed.get(make_login_key(plan))
    for name in names:
        value: Any = UNSET
        shown = plan.tenant.standins[name]
        if last is not None and name in last.values:
            value, shown = last.values[name], last.standins[name]
        # After the session's own: another process may have logged in since, and then only its value
        # holds.
        if name in renewal.values:
            value = renewal.values[name]
            env.vault.register_derived(value, to_comparable_text(shown), name=name)
        if value is not UNSET:
            grant.values[name], grant.standins[name] = value, shown


@dataclass(frozen=True, slots=True, repr=False)
class LoginStepRun:
    """A login step that is being carried out.

    Attributes:
        plan: the call that needs the login.
        number: of the step, from 1.
        declared: the step in the platform file.
        grant: collects the values that the steps yield.
        env: what the call needs of the session.
        renewal: storage of credentials that the login replaces.
    """

    plan: Plan
    number: int
    declared: LoginStep
    grant: Grant
    env: Environment
    renewal: RenewableCredentialStore


def _send_step_until_accepted(step: LoginStepRun) -> Generator[Effect, Any, LoginResponse]:
    """Send a step, repeatedly after a rate limit; return its successful response.

    Raises:
        AuthError, HttpStatusError: if it is refused, or the rate limit still holds.
    """
    sent, note, clock = 0, "", step.env.auth_clock
    while True:
        answer = yield from _send_with_redirects(step, _make_step_request(step, attempt=sent), note)
        sent += 1
        if answer.is_accepted:
            return answer
        rule = step.plan.recipe.recover.get(RATE)
        # Never repeated: a wrong secret sent several times locks the account.
        if not answer.is_rate_limited:
            raise answer.make_refusal_error()
        if rule is None or sent >= rule.tries:
            often = msg("sent {sent} times", sent=sent) if sent > 1 else msg("sent once")
            raise answer.make_rate_limit_error(often)
        outcome = ReceivedResponse(answer.response, answer.body)
        following = decide_wait(outcome, rule, RATE, sent, clock.now())
        if isinstance(following, NoRetry):
            raise answer.make_rate_limit_error(following.note)
        note = following.note
        yield Sleep(following.wait)


def _send_with_redirects(
    step: LoginStepRun, request: Request, note: str
) -> Generator[Effect, Any, LoginResponse]:
    """Send *request* and follow its redirects if the step says so; return the last response.

    Each hop is sent with the cookies that the hops before it have set. *note* is put into the log
    record of each hop; "" for none.

    Raises:
        AuthError: if a redirect may not be followed, or leads in a circle: to a request that was
            sent with the same cookies before. Servers do that to a client that is not logged in.
    """
    env, jar, seen = step.env, step.grant.cookies, dict[tuple[str, str, Pairs], None]()
    sent_at = env.auth_clock.now()
    while True:
        cookies = jar.find_cookies_for_url(request.url)
        seen[request.method, request.url, cookies] = None
        request = _add_login_cookies(request, cookies, step)
        response = yield from _send_and_log(request, step.plan, env, note)
        jar.store(response.headers, request.url, env.auth_clock.now())
        answer = LoginResponse(step, request, response, sent_at)
        if not (step.declared.follow and is_redirect(response)):
            return answer
        try:
            request = follow_redirect(request, response, env)
        except RefusedRedirectError as error:
            raise answer.make_error(str(error), msg("; see the address of the step")) from None
        again = (request.method, request.url, jar.find_cookies_for_url(request.url))
        if again in seen or len(seen) >= MOST_HOPS:
            addresses = dict.fromkeys(describe_address(url) for _, url, _ in seen)
            path = " → ".join([*addresses][:3])
            hint = msg("; it came by {path}; check its credentials and its form", path=path)
            raise answer.make_error(msg("is redirected in a circle"), hint)


def _add_login_cookies(request: Request, cookies: Pairs, step: LoginStepRun) -> Request:
    """Return *request* with the login's cookies, unless it declares a Cookie header itself.

    A recording is found without regard to these cookies, since servers make new ones in each login.
    """
    if not cookies or "cookie" in Headers(request.headers):
        return request
    call, vault = step.plan.call, step.env.vault

    def with_header(target: Request, pairs: Pairs) -> Request:
        headers = (*target.headers, ("Cookie", format_cookies(pairs)))
        return replace(target, headers=headers, injected=(*target.injected, "header.cookie"))

    twin = request.standin
    if twin is None:
        return with_header(request, cookies)
    shown = tuple([
        (name, hide_cookie(name, value, (call.platform, call.instance), vault))
        for name, value in cookies
    ])  # fmt: skip
    return replace(with_header(request, cookies), standin=with_header(twin, shown))


def synthesise_grant(plan: Plan, acquire: Acquire, env: Environment) -> Flow:
    """Return the grant of a login that is not sent: its values are stand-ins for the secrets.

    It is used in replay where no login of the instance was recorded.

    Raises:
        ConfigError: if the login yields a value that a stand-in cannot replace, such as an address.
    """
    # A generator like `login`, as the driver expects one, though it has no effect to yield.
    yield from ()
    recipe = plan.recipe
    platform, instance = recipe.platform.platform_key, recipe.instance.instance_key
    values: dict[str, Any] = {}
    for step in acquire.steps:
        for name, rule in step.extract.items():
            if rule.secret:
                values[name] = make_standin(
                    kind=rule.kind, platform=platform, instance=instance, name=name
                )
            elif name != TTL and not rule.optional:
                raise ConfigError(
                    "the login of {platform!r}, instance {instance!r}, yields {name!r}, "
                    "which cannot be synthesised; record "
                    "cassettes/auth/{platform_2}.{instance_2}.yaml",
                    platform=platform,
                    instance=instance,
                    name=name,
                    platform_2=platform,
                    instance_2=instance,
                )
    expires = compute_renewal_instant(acquire.ttl, None, env.auth_clock.now())
    return Grant(values=values, standins=values, expires=expires)


def _make_step_request(step: LoginStepRun, *, attempt: int) -> Request:
    plan, number, declared, yielded = step.plan, step.number, step.declared, step.grant
    env = step.env
    tenant, drawn = plan.tenant, _derive_login_randomness(plan.randomness)
    shown = _derive_login_randomness(plan.standin_randomness)
    real = auth.make_real_context(tenant, yielded, drawn, env.auth_clock.now(), attempt)
    twin = auth.make_standin_context(tenant, yielded, shown, env.clock.now(), attempt)
    written = _render_step(plan.recipe, number, declared, twin)
    if written.call is not None:
        call = replace(written.call, serial=env.next_serial())
        charset = plan.recipe.platform.charset
        written = replace(
            written, call=call, sensitive=declared.response_secret_places, charset=charset
        )
    # Nothing in the two differs (replay has only stand-ins): one form serves as both.
    if not env.separate and replace(real, cache_key=twin.cache_key) == twin:
        return written
    sent = _render_step(plan.recipe, number, declared, real)
    known = {name: getattr(written, name) for name in ("call", "sensitive", "charset")}
    sent = replace(sent, **known)
    if not env.separate:
        return sent
    # A header such as Basic has the password encoded, which no search for the password finds.
    for (name, value), (_, redacted) in zip(sent.headers, written.headers, strict=True):
        if value != redacted:
            env.vault.register_derived(value, redacted, name=f"header.{name}")
    return replace(sent, standin=written)


def _render_step(
    recipe: CompiledApi, number: int, step: LoginStep, context: auth.AuthContext
) -> Request:
    """Return the request of login step *number*, made from the values of *context*.

    *context* has either the real credentials or their stand-ins. The request is cached where no
    clock, random value or signature changes it.
    """
    place = f"{context.cache_key} login {number}"
    cached = recipe.memo.get(place)
    if cached is not None and cached[0] == (context.credentials, context.granted, context.base):
        known: Request = cached[1]
        return known
    request = make_login_request(
        recipe, step.request, auth.collect_template_values(recipe, context, in_login=True)
    )
    if auth.CHANGING.isdisjoint(recipe.uses) and auth.is_same_in_every_call(recipe, context):
        # a copy, since the login goes on to fill what is granted
        recipe.memo[place] = (context.credentials, dict(context.granted), context.base), request
    return request


def _derive_login_randomness(call_randomness: CallRandomness) -> CallRandomness:
    """Return random values derived from the call's.

    Nothing is drawn for a login, so the random values of later calls do not depend on whether a
    login was needed.
    """
    seed = sha256(call_randomness.seed + LOGIN.encode()).digest()
    return CallRandomness(seed, seed.hex()[:32])


def _send_and_log(
    request: Request, plan: Plan, env: Environment, note: str
) -> Generator[Effect, Any, Response]:
    """Send one request of a login and add a log record, also if it fails.

    *note* is a message for this record; "" for none.
    """
    begun, caller = (env.clock.now(), env.clock.next_seq()), plan.call.caller
    record = partial(
        env.log_login_request,
        request,
        plan.call,
        begun,
        api=LOGIN,
        caller=None if caller is None else env.redact(caller),
        notes=(note,) if note else (),
        position=plan.call.position,
    )
    try:
        response: Response = yield Send(request)
    except BpmaxError as error:
        record(error=error)
        raise
    record(received=response)
    return response
