"""Bugs seeded as replacements, each with the tests that have to find it."""

from __future__ import annotations

from tests.mutants.edits import Edit

CLIENT = "bpmax_sim/proxy/client.py"
LOGIN = "bpmax_sim/proxy/login.py"
SCHEDULER = "bpmax_sim/script/scheduler.py"
SHARED = "bpmax_sim/session/shared_logins.py"

TOKENS = "tests/property/test_tokens.py"

_TABLE: tuple[tuple[str, str, str, str, str], ...] = (
    ("tokens-each-call-logs-in-for-itself", TOKENS, SCHEDULER,
        "elif acquire.key in self._logins:", "elif False:"),
    ("tokens-each-thread-logs-in-for-itself", TOKENS, CLIENT,
        "leads = flight is None", "leads = True"),
    ("tokens-one-that-was-refused-twice-stays", TOKENS, CLIENT,
        "if grant is not None and step.is_token_refused:",
        "if grant is not None and step.is_token_refused and not isinstance(step, Stop):"),
    ("tokens-no-margin", TOKENS, LOGIN,
        "return now + life - min(ttl.margin, max(life, 0) / 2)", "return now + life"),
    ("tokens-a-margin-longer-than-half-a-life", TOKENS, LOGIN,
        "min(ttl.margin, max(life, 0) / 2)", "ttl.margin"),
    ("tokens-an-absolute-end-is-a-life", TOKENS, LOGIN,
        'if value is None or ttl.unit.startswith("absolute"):', "if value is None:"),
    ("tokens-a-life-from-the-end-of-the-login", TOKENS, LOGIN,
        "expires = expiry(acquire.ttl, yielded.values.get(TTL), now)",
        "expires = expiry(acquire.ttl, yielded.values.get(TTL), env.auth_clock.now())"),
    ("tokens-one-for-all-instances", TOKENS, LOGIN,
        'key = f"{recipe.platform.platform_key}/{recipe.instance.instance_key}/{digest}"',
        'key = f"{recipe.platform.platform_key}/{digest[:0]}"'),
    ("tokens-a-rotated-secret-is-forgotten", TOKENS, LOGIN,
        "    env.renewed[key] = grant\n", ""),
    ("tokens-a-refused-login-is-sent-again", TOKENS, LOGIN,
        "if not answer.is_too_often:\n", "if not answer.is_too_often and sent > 1:\n"),
    ("tokens-a-limited-login-is-a-refused-one", TOKENS, LOGIN,
        "if not answer.is_too_often:\n", "if True:\n"),
    ("tokens-the-cause-of-a-refusal-is-lost", TOKENS, CLIENT,
        "return type(error)(error.message, **fields)",
        'return type(error)("login refused", **fields)'),
    ("tokens-who-waits-for-a-refused-login-waits-for-ever", TOKENS, SCHEDULER,
        "for resume in self._logins.pop(key):",
        "for resume in self._logins.pop(key)[: 1 if error else None]:"),
    ("tokens-a-session-gets-its-own-dead-login-back", TOKENS, SHARED,
        "if known is not None and not again and", "if known is not None and"),
    ("tokens-sessions-log-in-at-once", TOKENS, SHARED,
        "lock = self._locks.setdefault(key, threading.Lock())", "lock = threading.Lock()"),
    ("tokens-a-refused-login-is-shared", TOKENS, SHARED,
        "self._answers[key] = _Answered(response, time.monotonic())",
        "self._answers[key] = _Answered(response, time.monotonic(), time.monotonic() + 60)"),
    ("tokens-nothing-is-shared", TOKENS, SHARED,
        "known.until = known.at + life / 2", "pass"),
)  # fmt: skip
SEEDED: tuple[Edit, ...] = tuple(
    Edit(name, path, old, new, tests=tests) for name, tests, path, old, new in _TABLE
)
