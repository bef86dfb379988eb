"""Bugs seeded as replacements, each with the tests that have to find it."""

from __future__ import annotations

from tests.mutants.edits import Edit

CLIENT = "bpmax_sim/proxy/client.py"
LOGIN = "bpmax_sim/proxy/login.py"
SCHEDULER = "bpmax_sim/script/scheduler.py"
SHARED = "bpmax_sim/session/shared_logins.py"
RECOVERY = "bpmax_sim/proxy/recovery.py"
PLAN = "bpmax_sim/proxy/call_plan.py"
COMPILED = "bpmax_sim/proxy/compiled_api.py"
ENCODE = "bpmax_sim/proxy/encode.py"
MESSAGES = "bpmax_sim/messages.py"
REDACTION = "bpmax_sim/transport/redaction.py"
FAULTS = "bpmax_sim/transport/faults.py"
LIVE = "bpmax_sim/transport/live.py"
JOURNAL = "bpmax_sim/cassette/journal.py"
RUNNER = "bpmax_sim/scenario/runner.py"
EXPECT = "bpmax_sim/scenario/expect.py"

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
    # Where somebody else's bugs had survived.
    ("data-a-person-in-an-encoded-query-name", "tests/transport/test_redaction.py", REDACTION,
        "if unquote(name) not in names:", "if name not in names:"),
    ("data-a-person-in-escaped-json", "tests/transport/test_redaction.py", REDACTION,
        "for ascii_only in (False, True):", "for ascii_only in (False,):"),
    ("data-a-person-in-a-form-in-capitals", "tests/transport/test_redaction.py", MESSAGES,
        'return content_type.partition(";")[0].strip().lower()',
        'return content_type.partition(";")[0].strip()'),
    ("modes-the-default-instance-is-not-preferred", "tests/platform/test_instances.py tests/plugin/test_precedence.py", PLAN,
        "if env.default_instance is not None:", "if False:"),
    ("modes-the-timeout-of-an-instance", "tests/proxy/test_rules_request.py", COMPILED,
        "timeout=_first_set(api.timeout, instance.timeout, platform.timeout)",
        "timeout=_first_set(api.timeout, platform.timeout, instance.timeout)"),
    ("modes-a-post-is-sent-again", "tests/proxy/test_rules_flight.py", RECOVERY,
        "if not (recipe.api.is_idempotent or _is_unexecuted(outcome)):", "if False:"),
    ("modes-a-file-is-called-like-its-field", "tests/proxy/test_payload.py", ENCODE,
        'return str(value.get("filename") or name), media, data', "return name, media, data"),
    ("modes-a-silent-fault-beside-retry", "tests/scenario/test_runner.py", RUNNER,
        "        if not self.failures:\n            self.failures = [self._scene().silent(fault)",
        "        if not self.failures and retry is _ONCE:\n"
        "            self.failures = [self._scene().silent(fault)"),
    ("modes-checksums-of-the-journal-do-not-count", "tests/cassette/test_journal.py", JOURNAL,
        "return record if len(record) == length and zlib.crc32(record) == checksum else None",
        "return record if len(record) == length else None"),
    ("modes-the-first-armed-fault-wins", "tests/transport/test_faults.py", FAULTS,
        "self._armed[:0] = map(_Armed, rules)", "self._armed.extend(map(_Armed, rules))"),
    ("modes-301-keeps-a-post", "tests/transport/test_live.py", LIVE,
        "_KEEPS_METHOD = {307, 308}", "_KEEPS_METHOD = {301, 307, 308}"),
    ("modes-ci-may-record", "tests/session/test_session.py", "bpmax_sim/session/settings.py",
        'if self.mode == "record" and self.environ.get("CI") and not self.allow_ci:',
        "if False:"),
    ("modes-each-on-nothing-fails", "tests/scenario/test_expect.py", EXPECT,
        "    if not is_list(actual) and not isinstance(actual, Mapping):\n        return (_leaf(path,"
        ' False, msg("$each', "    if not actual or not is_list(actual) and not isinstance(actual,"
        ' Mapping):\n        return (_leaf(path, False, msg("$each'),
    ("modes-ignore-of-a-platform", "tests/cli/test_run.py",
        "bpmax_sim/session/credentials.py",
        "(platform.platform_key, (*platform.ignore, *platform.volatile)) for platform in platforms",
        "(platform.platform_key, platform.volatile) for platform in platforms"),
    # Every package has some.
    ("subject-an-option-that-is-not-there-can-be-picked", "tests/subject tests/scenario/test_person.py",
        "bpmax_sim/subject/person.py", "if not any(same(choice, option) for option in known):",
        "if False:"),
    ("subject-a-required-field-that-is-hidden-stops", "tests/subject tests/scenario/test_person.py",
        "bpmax_sim/subject/person.py", 'if not state.get("required") or not shown:',
        'if not state.get("required"):'),
    ("subject-anybody-may-act", "tests/subject tests/scenario/test_lived_flows.py", "bpmax_sim/subject/moves.py",
        "if action not in offers:", "if False:"),
    ("check-a-secret-header-in-the-clear", "tests/cli/test_lint.py", "bpmax_sim/check/secrets.py",
        'if f"header.{name}" not in injected and not _is_hidden(name, value):', "if False:"),
    ("check-a-volatile-field-drifts", "tests/check/test_shape.py", "bpmax_sim/check/drift.py",
        "return any(covers(place, path) for place in volatile)", "return False"),
    ("check-another-status-is-no-drift", "tests/check/test_shape.py", "bpmax_sim/check/drift.py",
        "if recorded.status != live.status:", "if False:"),
    ("traffic-base64-of-a-har-is-text", "tests/cassette/foreign/test_import.py",
        "bpmax_sim/traffic/har.py", 'if content.get("encoding") == "base64":', "if False:"),
    ("traffic-a-curl-of-a-file", "tests/cassette/foreign/test_export.py", "bpmax_sim/traffic/curl.py",
        'return None if "\\0" in text or text.startswith("@") else text', "return text"),
    ("openapi-a-path-parameter-may-be-missing", "tests/platform/test_openapi.py",
        "bpmax_sim/openapi/convert.py", 'if parameter.get("required") is True or place == "path":',
        'if parameter.get("required") is True:'),
    ("report-an-error-is-a-failure", "tests/report/test_exits.py tests/cli/test_report.py",
        "bpmax_sim/report/junit.py",
        'return "error" if verdict.problems or verdict.code is ExitCode.USAGE else "failure"',
        'return "failure"'),
    ("report-the-mildest-code-wins", "tests/report/test_exits.py", "bpmax_sim/report/exit_codes.py",
        "for code in FIRST if",
        "for code in reversed(FIRST) if"),
    ("cli-an-evidence-that-is-old-prunes", "tests/plugin/test_pruning.py",
        "bpmax_sim/cli/prune.py", "if not Path(name).is_file() or digest_of(name) != digest:",
        "if not Path(name).is_file():"),
    ("cli-words-in-another-case-select-nothing", "tests/cli/test_told_runs.py tests/cli/test_run.py", "bpmax_sim/cli/select.py",
        "if any(word in text.casefold() for text in _texts(item))",
        "if any(word in text for text in _texts(item))"),
    ("plugin-a-shard-of-everything", "tests/plugin/test_sharding.py",
        "bpmax_sim/pytest_plugin/sharding.py", "if file not in known:", "if False:"),
    ("starter-any-word-is-a-platform", "tests/cli/test_init.py", "bpmax_sim/starter/init.py",
        "if self.platform and not _KEY.fullmatch(self.platform):", "if False:"),
    ("strategies-an-exclusive-limit-is-drawn", "tests/strategies",
        "bpmax_sim/strategies/schemas.py",
        "if plain.get(exclusive) is True and limit in plain:", "if False:"),
    ("yamlfile-leading-zeros-are-dropped", "tests/yamlfile", "bpmax_sim/yamlfile/node.py",
        "if len(text) > _DIGITS:", "if False:"),
    ("yamlfile-an-object-within-a-line-is-cut", "tests/yamlfile", "bpmax_sim/yamlfile/write.py",
        "if isinstance(value, float) and not math.isfinite(value):", "if False:"),
    ("fuzz-a-law-is-for-every-api", "tests/fuzzing/test_laws.py tests/cli/test_fuzz.py",
        "bpmax_sim/fuzz/search.py",
        "if allowed and (not plan.laws or name in plan.laws) and law.applies(target, api):",
        "if allowed and (not plan.laws or name in plan.laws):"),
    ("fuzz-a-value-that-arrives-twice", "tests/fuzzing/test_laws.py", "bpmax_sim/fuzz/target.py",
        "return len(listed) == len(values) and all(map(_prints, listed, values))",
        "return all(map(_prints, listed, values))"),
    ("simulator-a-token-of-any-tenant", "tests/simulator tests/fuzzing/test_healthy.py",
        "bpmax_sim/simulator/auth.py", "if match is None or match.revoked:", "if match is None:"),
    ("simulator-a-table-for-all-that-share-its-key", "tests/fuzzing/test_healthy.py",
        "bpmax_sim/simulator/simulator.py",
        "return names is not None and names <= platform.credentials.keys()", "return True"),
    ("simulator-a-nonce-twice", "tests/simulator", "bpmax_sim/simulator/auth.py",
        "if nonce and seen is not None and turn.now < seen.until:", "if False:"),
    ("scenario-retry-never-ends-early", "tests/scenario/test_runner.py", RUNNER,
        "            if self._is_done(retry, result):\n                break\n", ""),
    ("scenario-unordered-takes-a-longer-list", "tests/scenario/test_expect.py", EXPECT,
        "ok = is_list(actual) and len(expected) == len(actual) and _pairs_up(expected, actual)",
        "ok = is_list(actual) and _pairs_up(expected, actual)"),
)  # fmt: skip
SEEDED: tuple[Edit, ...] = tuple(
    Edit(name, path, old, new, tests=tests) for name, tests, path, old, new in _TABLE
)
