"""Record calls of a user's platform with generated credentials, and search the files for these."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec.structs import replace

from bpmax_sim.clock import SystemClock
from bpmax_sim.errors import BpmaxError
from bpmax_sim.fuzz.target import (
    START,
    FuzzTarget,
    RequestLog,
    find_sent_values,
    map_templates_by_place,
)
from bpmax_sim.fuzz.violation import (
    CallOutcome,
    LawBroken,
    WasJudged,
    describe_error_on_one_line,
    run_call,
)
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import Request
from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, CredentialSpec, Instance, Source, is_set
from bpmax_sim.platform.template import find_names
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.session.options import Mode
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import Settings, is_login_recording
from bpmax_sim.simulator.simulator import SimulatorTransport
from bpmax_sim.strategies.programs import perform

_TEXTS = frozenset({"text", "integer"})
_SHORTEST = 6  # what is shorter is redacted by place only
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){6,}")


class RecordedCall(msgspec.Struct, frozen=True):
    """What is known after one call was made and recorded.

    Attributes:
        outcome: value or error of the call.
        redacted_value: the result of the call as JSON text, redacted, since a third party may
            repeat a credential.
        closing_error: error that closing the session raised: then nothing was recorded.
        request_log: the requests that were sent.
        artefacts: content of each written file and of the log, by name.
        credentials: the generated secret values, by name.
    """

    outcome: CallOutcome
    redacted_value: str
    closing_error: BpmaxError | None
    request_log: RequestLog
    artefacts: Mapping[str, bytes]
    credentials: Mapping[str, str]


def check_replay_equals_recording(target: FuzzTarget, calls: tuple[CallSpec, ...]) -> WasJudged:
    """Check that replay without credentials gives the script the same result as the recording.

    Return False if nothing was sent or recorded, so that there was nothing to judge.

    Raises:
        LawBroken: if the results differ.
    """
    with TemporaryDirectory(prefix="fuzz-") as place:
        path = Path(place) / "cassettes/fuzz.yaml"
        recorded = _record_call(target, calls[0], path)
        if recorded.closing_error is not None or not recorded.request_log.requests:
            return False  # `secrets` and `accepted` tell of these
        again = _open_session(target.platforms, path, {}, mode="replay")
        result = run_call(lambda: perform(calls[0], again))
        closing = run_call(again.close).error
    # Replay answers with pseudonyms where the third party had personal data.
    is_pseudonymous = target.platform.redact or target.platform.apis[calls[0].api].redact
    alike = is_pseudonymous or _format_redacted_value(result, again) == recorded.redacted_value
    if not alike or _to_comparable_error(result) != _to_comparable_error(recorded.outcome):
        both = result, recorded.outcome
        ended, ended_2 = map(_describe_different_outcome, both)
        if ended == ended_2:
            ended, ended_2 = map(_describe_kind_and_status, both)
        raise LawBroken("replay {ended}, and recording {ended_2}", ended=ended, ended_2=ended_2)
    if closing is not None:
        raise LawBroken(
            "the recording was not played as it was made: {described}",
            described=describe_error_on_one_line(closing),
        )
    return True


def _format_redacted_value(result: CallOutcome, session: Session) -> str:
    return session.redact(
        json.dumps(result.value, ensure_ascii=False, sort_keys=True, default=repr)
    )


def _to_comparable_error(result: CallOutcome) -> tuple[Any, ...]:
    error = result.error
    return type(error), getattr(error, "code", ""), getattr(error, "status", None)


def _describe_kind_and_status(result: CallOutcome) -> str:
    """Return what the texts of two errors may leave out."""
    kind, _, status = _to_comparable_error(result)
    if status is None:
        return msg("ends in {kind} without a status", kind=kind.__name__)
    return msg("ends in {kind} with status {status}", kind=kind.__name__, status=status)


def _describe_different_outcome(result: CallOutcome) -> str:
    if result.error is None:
        return msg("gives another value")
    return msg("ends in {described}", described=describe_error_on_one_line(result.error))


def check_no_secret_recorded(target: FuzzTarget, calls: tuple[CallSpec, ...]) -> WasJudged:
    """Check that no file and no log of a recorded call contains a credential or token.

    Return False if nothing was sent, so that there was nothing to judge.

    Raises:
        LawBroken: if one of them does, or the recording is refused.
    """
    api = target.platform.apis[calls[0].api]
    with TemporaryDirectory(prefix="fuzz-") as place:
        recorded = _record_call(target, calls[0], Path(place) / "cassettes/fuzz.yaml")
    if recorded.closing_error is not None:
        raise LawBroken(
            "the recording is refused: {described}",
            described=describe_error_on_one_line(recorded.closing_error),
        )
    for name, value in recorded.credentials.items():
        for artefact, data in recorded.artefacts.items():
            if any(value.encode() in view for view in _decode_in_all_encodings(data)):
                raise LawBroken(
                    "the credential {name!r} is in the {artefact}", name=name, artefact=artefact
                )
    for request in recorded.request_log.requests:
        _check_not_in_clear(target, api, request)
    return bool(recorded.request_log.requests)


def _check_not_in_clear(target: FuzzTarget, api: Api, request: Request) -> None:
    """Check that the recorded form of *request* has none of the credentials that auth inserted.

    Raises:
        LawBroken: if one of them is recorded unchanged.
    """
    auth = target.get_auth(api)
    steps = auth.acquire.steps if auth.acquire else ()
    minted = {name for step in steps for name in step.extract}
    for (place, name), template in map_templates_by_place(auth).items():
        used = find_names(template)
        is_credential = (place, name.lower()) == ("header", "authorization") or place == "cookie"
        if not (used & minted or is_credential):
            continue
        sent, recorded = (
            find_sent_values(version, place, name, api)
            for version in (request, request.recorded_form)
        )
        # Empty: auth puts no value into this request, or the place cannot be read.
        if sent.values and sent == recorded:
            raise LawBroken(
                "{place}.{name} is recorded in the clear, with {names} in it; write secret: "
                "true where it is declared or extracted",
                place=place,
                name=name,
                names=join_list(sorted(used)),
            )


def _record_call(target: FuzzTarget, call_spec: CallSpec, path: Path) -> RecordedCall:
    platforms, environ = _with_credentials(target.platforms, target.key)
    # Stand-ins that know the made-up credentials; recording authorises in real time.
    know = partial(platforms.credentials, environ=environ, closed=False)
    third_party = SimulatorTransport(platforms, know, clock=SystemClock())
    session = _open_session(platforms, path, environ, mode="record", transport=third_party)
    request_log = RequestLog()
    session.stub(request_log.note)
    result = run_call(lambda: perform(call_spec, session))
    log = repr(
        [(call, call.request, call.response, call.error, call.notes) for call in session.calls]
    )
    closed = run_call(session.close).error
    artefacts = {msg("log of calls"): log.encode()}
    for file in sorted(path.parent.rglob("*.yaml")):
        is_login = is_login_recording(file, path.parent)
        name = msg("recording of the login") if is_login else msg("recording")
        artefacts[name] = file.read_bytes()
    shown = _format_redacted_value(result, session)
    secrets = _collect_generated_secrets(platforms, target.key, environ)
    return RecordedCall(result, shown, closed, request_log, artefacts, secrets)


def _open_session(
    platforms: Platforms, path: Path, environ: Mapping[str, str], *, mode: Mode, **more: Any
) -> Session:
    settings = Settings(
        mode=mode,
        cassette=path,
        logins=path.parent / "auth",
        clock=START,
        owner="fuzz",
        environ=environ,
        allow_ci=True,
    )
    return Session(platforms, settings, **more)


def _with_credentials(platforms: Platforms, key: str) -> tuple[Platforms, dict[str, str]]:
    """Return *platforms* with generated credentials for platform *key*, as if a user had set them.

    The second result holds their values, as environment variables that the platforms refer to.
    """
    declared = platforms.platform(key).credentials
    environ: dict[str, str] = {}
    entries = [
        InstanceWithOrigin(
            _move_secrets_to_environ(entry.instance, declared, environ), InstanceOrigin()
        )
        if entry.instance.platform == key
        else entry
        for entries in platforms.entries.values()
        for entry in entries
    ]
    return platforms.copy_replacing_entries(entries), environ


def _move_secrets_to_environ(
    instance: Instance, declared: Mapping[str, CredentialSpec], environ: dict[str, str]
) -> Instance:
    """Return *instance* with its secret credentials taken from environment variables.

    The generated value of each variable is added to *environ*. Values that are declared not secret
    stay.
    """
    address = "" if isinstance(instance.base_url, Source) else instance.base_url
    values: dict[str, Any] = {}
    for name, spec in declared.items():
        if name not in instance.credentials and is_set(spec.default):
            continue
        own = instance.credentials.get(name, spec.default)
        if isinstance(own, str | int | float) and not spec.secret:
            values[name] = own
        else:
            key = instance.instance_key
            variable = f"FUZZ_{key}_{name}"
            values[name] = Source(env=variable)
            if spec.kind == "text":
                environ[variable] = f"s3c{name}{key.encode().hex()[:6]}Kq7Zx8"
            else:
                pseudonym = make_standin(kind=spec.kind, platform="fuzz", instance=key, name=name)
                environ[variable] = pseudonym
    return replace(instance, base_url=address, credentials=values)


def _collect_generated_secrets(
    platforms: Platforms, key: str, environ: Mapping[str, str]
) -> dict[str, str]:
    declared = platforms.platform(key).credentials
    return {
        name: environ[value.env]
        for entry in platforms.entries.get(key, ())
        for name, value in entry.instance.credentials.items()
        if isinstance(value, Source) and isinstance(value.env, str)
        if declared[name].secret and declared[name].kind in _TEXTS
        if len(environ[value.env]) >= _SHORTEST
    }


def _decode_in_all_encodings(data: bytes) -> Iterator[bytes]:
    """Yield *data* itself, and its parts decoded from percent-encoding, base64 and hexadecimal.

    A secret may be hidden in each of these forms.
    """
    yield data
    yield unquote_to_bytes(data)
    yield b"\n".join(filter(None, map(_from_base64, _BASE64.findall(data))))
    yield b"\n".join(bytes.fromhex(digits.decode()) for digits in _HEX.findall(data))


def _from_base64(piece: bytes) -> bytes:
    core = piece.translate(bytes.maketrans(b"-_", b"+/"))
    # No base64 has 4n + 1 digits: one neighbour was found with it. Missing padding is added; a
    # decoder that is not strict ignores what is too much.
    core = core[: len(core) - (len(core) % 4 == 1)]
    try:
        return base64.b64decode(core + b"=" * (-len(core) % 4))
    except binascii.Error:
        return b""
