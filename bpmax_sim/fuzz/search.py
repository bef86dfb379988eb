"""Search for calls that violate a law, in rounds of increasing size until time is up.

Examples that broke a law are kept in the example database, a folder or a Redis that several
machines share, and the next search tries them first. Hypothesis shrinks each to the smallest one
that still breaks the law; that ends when the time is over, too.

Scripts have one law: whatever a form holds and a third party answers, a script makes no mistake of
its own. It may leave a rejection uncaught, for that is a response of the third party. A TypeError,
an undeclared name, an endless loop or a promise that nothing settles is the script's mistake.

A finding is written as a scenario file and a pytest test. Both check the law again with the
smallest calls, and fail with the message of the finding.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ALL_COMPLETED, ProcessPoolExecutor, wait
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from pprint import pformat
from typing import Any, Final

import msgspec
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase
from hypothesis.errors import NoSuchExample, Unsatisfiable

from bpmax_sim.errors import BpmaxError, ConfigError, ScriptError, suggest_or_list
from bpmax_sim.file_names import to_file_name, to_relative_name
from bpmax_sim.fuzz.laws import LAWS, CallSpecs
from bpmax_sim.fuzz.target import (
    SIMULATE,
    FuzzTarget,
    Plain,
    call_from_data,
    call_to_data,
    close_connections,
    make_target,
)
from bpmax_sim.fuzz.violation import LawBroken, WasJudged, describe_error_on_one_line, run_call
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Response
from bpmax_sim.platform.load import load_platforms, read_platform
from bpmax_sim.platform.model import Api
from bpmax_sim.project import SUFFIX, find_root, make_parent_folder
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source import reading
from bpmax_sim.session.scripts import read_script
from bpmax_sim.session.session import Session
from bpmax_sim.strategies.programs import (
    javascript,
    load_platforms_beside,
    load_platforms_with_instances,
    require_named_or_all_apis,
)
from bpmax_sim.strategies.traffic import yaml_text
from bpmax_sim.strategies.values import json_values, scalars

_REDIS = ("redis://", "rediss://", "unix://")


def open_database(folder_or_url: str) -> ExampleDatabase:
    """Return Hypothesis' example database at *folder_or_url*, a folder or a Redis URL.

    Raises:
        ConfigError: if the folder cannot be written, the Redis cannot be reached, or the extra
            ``fuzz`` is not installed.
    """
    if not folder_or_url.startswith(_REDIS):
        return _open_folder_database(Path(folder_or_url))
    try:
        import redis  # noqa: PLC0415 - an extra
        from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            '--database: a Redis needs the extra fuzz; run: pip install "bpmax-sim[fuzz]"'
        ) from None
    try:
        client = redis.Redis.from_url(folder_or_url)
        client.ping()
    except (redis.RedisError, ValueError, OSError):
        raise ConfigError(
            "--database: the Redis cannot be reached; check its address, or name a folder"
        ) from None
    return RedisExampleDatabase(client)


def _open_folder_database(path: Path) -> ExampleDatabase:
    # Hypothesis goes on without a word where it cannot write.
    try:
        make_parent_folder(path / "x")
    except OSError as error:
        raise ConfigError(
            "--database {path}: cannot be made ({strerror}); name another folder",
            path=path,
            strerror=error.strerror,
        ) from None
    if not os.access(path, os.W_OK):
        raise ConfigError("--database {path}: cannot be written; name another folder", path=path)
    return DirectoryBasedExampleDatabase(path)


_FIELD: Final = re.compile(r"\bform\s*\.\s*([^\W\d$]\w*)|\bform\s*\[\s*[\"']([^\"']+)[\"']\s*\]")
_MISTAKE_CODES: Final = frozenset({"UNKNOWN_PLATFORM", "UNKNOWN_INSTANCE", "UNKNOWN_API"})
SCRIPT: Final = "script"
"""The name of the law."""

ABOUT: Final = msg(
    "Whatever a form holds and a third party answers, a script ends in no mistake of its own."
)
_JSON: Final = (("content-type", "application/json"),)
TROUBLE: Final[Mapping[str, Response | None]] = {
    "": None,
    "empty": Response(status=200, headers=_JSON),
    "null": Response(status=200, headers=_JSON, body=b"null"),
    "nothing in it": Response(status=200, headers=_JSON, body=b"{}"),
    "500": Response(status=500, headers=_JSON, body=b'{"code":500,"message":"busy"}'),
    "not JSON": Response(status=200, headers=_JSON, body=b"<html>"),
}
"""What a third party may answer instead of the right thing, by name."""


def draw_form_and_trouble(source: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw inputs of a script: ``{"form": values, "trouble": name}``.

    The form has the fields that *source* reads. *trouble* names a response of the third party, such
    as an error or a time-out, in the table `TROUBLE`.
    """
    names = _find_form_fields(source)
    values = st.none() | scalars() | json_values(max_leaves=3)
    form = st.fixed_dictionaries(dict.fromkeys(names, values))
    return st.fixed_dictionaries({"form": form, "trouble": st.sampled_from(list(TROUBLE))})


def _find_form_fields(source: str) -> Iterator[str]:
    """Yield the fields of the form that *source* uses, also of a form that a function gets."""
    found = [name or other for name, other in _FIELD.findall(source)]
    found += [use.path[0] for use in reading.read_script(source).members if use.root == "form"]
    return (name for name in found if name != "*" and not name.startswith("$"))


def check_script(target: FuzzTarget, files: Sequence[str], situation: Mapping[str, Any]) -> bool:
    """Run the script in the first of *files* with the input *situation*; return True.

    The other files are libraries loaded before it. *situation* is what `draw_form_and_trouble`
    draws. The result is always True, as each run is judged; the checks of other laws return whether
    there was anything to judge.

    Raises:
        LawBroken: if the script fails by a mistake of its own, such as a TypeError.
    """
    answer = TROUBLE[situation["trouble"]]
    # Their names are the files' alone, so that no path of a machine is told.
    script, *libraries = (Script(read_script(file).source, Path(file).name) for file in files)
    with target.open_session() as (session, _):
        if answer is not None:
            session.stub(lambda request: None if request.is_login else answer)
        form = dict(situation["form"])
        ended = run_call(
            lambda: session.run_script(script, form=form, libraries=libraries).unwrap()
        )
    if ended.error is not None and _is_mistake_of_script(ended.error):
        why = msg(
            "the script ends in {described}", described=describe_error_on_one_line(ended.error)
        )
        raise LawBroken(why).name_law_and_call(SCRIPT, script.name)
    return True


def _is_mistake_of_script(error: BpmaxError) -> bool:
    if not isinstance(error, ScriptError):
        return not hasattr(error, "code")
    code = error.fields.get("code")
    return code is None or str(code) in _MISTAKE_CODES


def hold(  # noqa: PLR0913 - what a finding holds
    law: str,
    platform: str | os.PathLike[str],
    /,
    *,
    calls: Sequence[Plain] = (),
    against: str = SIMULATE,
    script: str | os.PathLike[str] = "",
    libraries: Sequence[str | os.PathLike[str]] = (),
    situation: Mapping[str, Any] | None = None,
) -> None:
    """Check that the calls of the platform file *platform* obey *law*; raise if one violates it.

    Args:
        law: its name; see `LAWS`.
        platform: the file.
        calls: ``{"call": "crm.create_order", "args": […]}``, or with ``"set"`` for a chain.
        against: ``simulate``, or the address of a system that may be called.
        script: for the law of scripts, the file.
        libraries: files that run before it.
        situation: for the law of scripts, ``{"form": …, "trouble": …}``.

    Raises:
        LawBroken: if it does not hold; also an `AssertionError`.
        ConfigError: if there is no such law, or a file is wrong.
    """
    known = load_platforms_beside(platform) if script else load_platforms_with_instances(platform)
    target = make_target(known, read_platform(Path(platform)).platform_key, against)
    files = [os.fspath(file) for file in (script, *libraries)]
    _check_law_or_script(target, law, calls, files, situation)


def hold_in_session(  # noqa: PLR0913 - what a finding holds
    bench: Session,
    *,
    law: str,
    platform: str,
    calls: Sequence[Plain] = (),
    against: str = SIMULATE,
    script: str = "",
    libraries: Sequence[str] = (),
    situation: Mapping[str, Any] | None = None,
) -> None:
    """Check that *calls* obey *law*, from a ``python`` step of a scenario; raise if they do not.

    *bench* is the session of the scenario, *platform* the platform's key; scripts are named from
    the project's root. The other parameters are those of `hold`.

    Raises:
        LawBroken: if it does not hold.
        ConfigError: if there is no such law.
    """
    files = [str(find_root(Path.cwd()) / file) for file in (script, *libraries)]
    _check_law_or_script(
        make_target(bench.platforms, platform, against), law, calls, files, situation
    )


def _check_law_or_script(
    target: FuzzTarget,
    law: str,
    calls: Sequence[Plain],
    files: Sequence[str],
    situation: Mapping[str, Any] | None,
) -> None:
    try:
        if law == SCRIPT:
            check_script(target, files, situation or {"form": {}, "trouble": ""})
        elif law in LAWS:
            check_law_by_calls(target, law, tuple(map(call_from_data, calls)))
        else:
            hint = suggest_or_list(law, (*LAWS, SCRIPT))
            raise ConfigError("there is no law {law!r}{hint}", law=law, hint=hint)
    finally:
        close_connections()


def check_law_by_calls(target: FuzzTarget, law: str, calls: CallSpecs) -> WasJudged:
    """Check *law* with *calls*.

    Raises:
        LawBroken: if it does not hold; the message names the call and the law.
    """
    try:
        return LAWS[law].check(target, calls)
    except LawBroken as error:
        raise error.name_law_and_call(law, f"{target.key}.{calls[0].api}") from None


_FIRST_ROUND: Final = 5
"""Examples that each law gets before time counts: one that had none proves nothing."""
_SECOND_CHANCE: Final = 50  # where none of the first could be judged
_TELL: Final = 0.2
_LARGEST_ROUND: Final = 320
"""When time is over, no more than the rest of a round is still drawn, and not tried."""
_SAFE: Final = frozenset({"GET", "HEAD"})


class SearchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched for violations of laws, and for how long.

    Attributes:
        path: a platform file.
        api: name of the only API to try, in snake_case or camelCase; empty for all.
        against: ``simulate``, or the address of a live system.
        allow_writes: whether a live system also gets calls that may change something there.
        scripts: files of scripts, and *libraries* those that run before each.
        laws: names of the laws that are tried; empty for all.
        seconds: how long to search.
        rounds: how many rounds at most, each with about twice the examples of the one before; 0 for
            as many as the time allows.
        workers: number of processes.
        examples: where the example database is; see `open_database`.
    """

    path: Path
    api: str = ""
    against: str = SIMULATE
    allow_writes: bool = False
    scripts: tuple[Path, ...] = ()
    libraries: tuple[Path, ...] = ()
    laws: tuple[str, ...] = ()
    seconds: float = 60
    rounds: int = 0
    workers: int = 1
    examples: str


class SearchTask(msgspec.Struct, frozen=True):
    """One law to be checked for one API, or for one script; the other of the two is ""."""

    law: str
    api: str = ""
    script: str = ""


class LawFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A violated law, with the smallest example that violates it: calls, or the input of a script.

    Attributes:
        call: the API, ``crm.create_order``, or the script's file.
        message: what is wrong, in one line.
        javascript: the calls as a script makes them.
        calls, situation: as `hold` takes them.
    """

    platform: str
    call: str
    law: str
    message: str
    javascript: tuple[str, ...] = ()
    calls: tuple[Plain, ...] = ()
    script: str = ""
    situation: Mapping[str, Any] = msgspec.field(default_factory=dict)


class LawOutcome(msgspec.Struct, frozen=True):
    """The result of one `SearchTask`.

    The number of examples tried, and the violation if one was found.

    Attributes:
        why: why the law was left out, or "".
    """

    call: str
    law: str
    examples: int
    finding: LawFinding | None = None
    why: str = ""


def search(plan: SearchPlan, notify: Callable[[], None] = lambda: None) -> list[LawOutcome]:
    """Run the search *plan*; return the result of each task, in the order of APIs and laws.

    *notify* is called again and again meanwhile, in this process, to show that the search goes on.

    Raises:
        ConfigError: if a file or an option is wrong, or no value fits what is declared.
    """
    until = time.monotonic() + plan.seconds
    tasks = list(list_tasks(plan))
    workers = max(1, min(plan.workers, len(tasks)))
    if workers == 1:
        return search_tasks(plan, tasks, until - time.monotonic(), notify)
    # A duration, as the zero of `monotonic` may be another one in another process.
    left = until - time.monotonic()
    shares = [tasks[number::workers] for number in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(search_tasks, plan, share, left) for share in shares]
        while wait(jobs, timeout=_TELL, return_when=ALL_COMPLETED).not_done:
            notify()
        parts = [job.result() for job in jobs]
    # Task *number* is in share `number % workers` (`tasks[n::workers]`), at `number // workers`.
    return [parts[number % workers][number // workers] for number in range(len(tasks))]


def list_tasks(plan: SearchPlan) -> Iterator[SearchTask]:
    """Yield the tasks of *plan*: each API with each law that applies to it, and each script.

    Raises:
        ConfigError: if a file is wrong, or there is no such API.
    """
    for api, law, is_possible in _pair_apis_with_laws(plan, load_plan_target(plan)):
        if is_possible and not _is_forbidden_write(plan, api):
            yield SearchTask(law, api=api.key)
    for script in plan.scripts:
        if not plan.laws or SCRIPT in plan.laws:
            yield SearchTask(SCRIPT, script=str(script))


def find_skipped_laws(plan: SearchPlan) -> Iterator[LawOutcome]:
    """Yield an outcome without examples for each law of a call that *plan* does not try.

    These are calls of a live system that may change something there, without ``allow_writes``, and
    laws that were chosen by name and cannot be tried for an API.

    Raises:
        ConfigError: if a file is wrong, or there is no such API.
    """
    target = load_plan_target(plan)
    for api, law, is_possible in _pair_apis_with_laws(plan, target):
        why = msg("it says nothing of what is declared, or not of what answers here")
        if is_possible:
            why = msg("it may change something there; --allow-writes sends it")
        if not is_possible or _is_forbidden_write(plan, api):
            yield LawOutcome(f"{target.key}.{api.key}", law, 0, why=why)


def _is_forbidden_write(plan: SearchPlan, api: Api) -> bool:
    is_allowed = plan.against == SIMULATE or plan.allow_writes
    return not is_allowed and api.method not in _SAFE


def _pair_apis_with_laws(plan: SearchPlan, target: FuzzTarget) -> Iterator[tuple[Api, str, bool]]:
    """Yield each API of *target* with each law, and whether the law can be tried for it.

    Laws that cannot be tried are left out unless *plan* names them.
    """
    is_empty = not target.platform.apis and not plan.api
    chosen = (target.platforms, target.platform, plan.api)
    for api in () if is_empty else require_named_or_all_apis(*chosen, path=plan.path):
        for name, law in LAWS.items():
            is_possible = (plan.against == SIMULATE or law.live) and law.applies(target, api)
            if name in plan.laws or (is_possible and not plan.laws):
                yield api, name, is_possible


def load_plan_target(plan: SearchPlan) -> FuzzTarget:
    """Return the platform whose file *plan* names, with the system that answers its calls.

    Raises:
        ConfigError: if a file is wrong.
    """
    known = (
        load_platforms_beside(plan.path)
        if plan.scripts
        else load_platforms_with_instances(plan.path)
    )
    return make_target(known, read_platform(plan.path).platform_key, plan.against)


def search_tasks(
    plan: SearchPlan,
    tasks: Sequence[SearchTask],
    seconds: float,
    notify: Callable[[], None] = lambda: None,
) -> list[LawOutcome]:
    """Work on *tasks* in rounds with more and more examples until *seconds* are over.

    Return the result of each task. *notify* is called again and again, to show that the search goes
    on.
    """
    until = time.monotonic() + seconds
    target = load_plan_target(plan)
    hunts = [_make_search(target, task, plan, notify) for task in tasks]
    options = settings(
        database=open_database(plan.examples),
        # A call may log in, compile a script or ask a live system; its time says nothing about the
        # law.
        deadline=None,
        derandomize=False,  # which is on where CI is set, and would leave the database out
        max_examples=_FIRST_ROUND,
        # Without `explain`: it calls again and again, and `find` has no report to show its result
        # in.
        phases=(Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
        print_blob=False,
    )
    size = _FIRST_ROUND
    try:
        for _ in range(plan.rounds) if plan.rounds else count():
            is_first = size == _FIRST_ROUND
            is_over = time.monotonic() >= until and not is_first
            if is_over or all(hunt.finding is not None for hunt in hunts):
                break
            for hunt in hunts:
                if hunt.finding is None and (is_first or time.monotonic() < until):
                    # Each law has its first round, however short the time: without examples it says
                    # nothing.
                    end = math.inf if is_first else until
                    hunt.run(settings(options, max_examples=size), end)
                    if is_first and not hunt.examples and hunt.finding is None:
                        hunt.run(settings(options, max_examples=_SECOND_CHANCE), end)
            # All laws have a small round before any has a larger one, so a short search is not
            # spent on the first laws.
            size = min(2 * size, _LARGEST_ROUND)
    finally:
        close_connections()
    return [LawOutcome(hunt.call, hunt.law, hunt.examples, hunt.finding) for hunt in hunts]


class _LawSearch(msgspec.Struct):
    """The search for an example that violates one law, for one API or script, over several rounds.

    Attributes:
        example_strategy: draws the examples: calls, or inputs of a script.
        check_example: checks the law; returns False where the example left nothing to judge.
        examples: how many examples were judged.
        finding_fields: returns the fields of a finding that describe, and identify, an example.
        notify: called at every example.
    """

    target: FuzzTarget
    call: str
    law: str
    example_strategy: st.SearchStrategy[Any]
    check_example: Callable[[Any], bool]
    finding_fields: Callable[[Any], dict[str, Any]]
    notify: Callable[[], None]
    examples: int = 0
    finding: LawFinding | None = None
    _until: float = 0.0
    _known: dict[str, str] = msgspec.field(default_factory=dict)

    def run(self, hypothesis_settings: settings, deadline: float) -> None:
        """Try more examples until the time *deadline* (`monotonic`).

        The smallest example that violates the law is stored in *finding*.

        Raises:
            ConfigError: if no value fits what is declared.
        """
        self._until = deadline
        key = f"bpmax-sim fuzz {self.call} {self.law}".encode()
        try:
            least = find(
                self.example_strategy,
                self._breaks_law,
                settings=hypothesis_settings,
                database_key=key,
            )
        except NoSuchExample:
            return
        except Unsatisfiable:
            raise ConfigError(
                "{call}: no value fits what is declared of its parameters; see their enum, "
                "format and schema",
                call=self.call,
            ) from None
        self.finding = LawFinding(
            platform=self.target.key,
            call=self.call,
            law=self.law,
            message=self._known[self._make_example_id(least)],
            **self.finding_fields(least),
        )

    def _breaks_law(self, example: Any) -> bool:
        """Return whether *example* violates the law.

        When time is over, nothing is tried any more: True only for examples that were seen to
        violate it, so that Hypothesis ends soon.
        """
        # Hypothesis repeats an example while it shrinks and at the end; it calls a search flaky if
        # the result differs, as it may against a live system or when time is over. So it is
        # remembered.
        shown = self._make_example_id(example)
        if shown in self._known:
            return True
        if time.monotonic() > self._until:
            return False
        self.notify()
        try:
            self.examples += self.check_example(example)
        except LawBroken as error:
            self.examples += 1
            self._known[shown] = str(error)
            return True
        return False

    def _make_example_id(self, example: Any) -> str:
        # By `repr`: not all values can be hashed, and True would be the same key as 1.
        return repr(self.finding_fields(example))


def _make_search(
    target: FuzzTarget, task: SearchTask, plan: SearchPlan, notify: Callable[[], None]
) -> _LawSearch:
    if task.script:
        files = (task.script, *map(str, plan.libraries))
        source = "\n".join(read_script(file).source for file in files)
        return _LawSearch(
            target,
            Path(task.script).name,
            task.law,
            draw_form_and_trouble(source),
            lambda situation: check_script(target, files, situation),
            lambda situation: {"script": task.script, "situation": situation},
            notify,
        )
    return _LawSearch(
        target,
        f"{target.key}.{task.api}",
        task.law,
        LAWS[task.law].draw(target, target.platform.apis[task.api]),
        lambda programs: check_law_by_calls(target, task.law, programs),
        lambda programs: {
            "calls": tuple(map(call_to_data, programs)),
            "javascript": tuple(map(javascript, programs)),
        },
        notify,
    )


_WIDTH = 96


class GeneratedFile(msgspec.Struct, frozen=True):
    """A file that reproduces a finding and is still to be written: its path and text."""

    path: Path
    text: str


def make_scenario_file(finding: LawFinding, plan: SearchPlan, root: Path) -> GeneratedFile:
    """Return the scenario that reproduces *finding*; its path is below ``scenarios/fuzz``."""
    path = root / "scenarios/fuzz" / f"{to_file_name(_make_file_slug(finding))}{SUFFIX}"
    mode = SIMULATE if plan.against == SIMULATE else "live"
    platforms = to_relative_name(
        _find_loadable_platform_path(finding, plan.path), path.parent.absolute()
    )
    args = {
        "law": finding.law,
        "platform": finding.platform,
        **_collect_test_arguments(finding, plan),
    }
    if finding.script:
        args["script"] = _to_relative_path(Path(finding.script), root)
        args["libraries"] = [_to_relative_path(library, root) for library in plan.libraries]
    lines = [
        *(f"# {line}" for line in (finding.message, *finding.javascript)),
        "version: 1",
        f"scenario: {_to_inline_yaml(f'{finding.call}: {finding.law}')}",
        "form: {}",
        f"proxy: {{platforms: {_to_inline_yaml(platforms)}, mode: {mode}}}",
        "steps:",
        f"  - name: {_to_inline_yaml(f'law {finding.law}')}",
        "    python:",
        "      call: bpmax_sim.fuzz:hold_in_session",
        f"      args: {_to_inline_yaml(_escape_references(args))}",
    ]
    return GeneratedFile(path, "\n".join(lines) + "\n")


def _find_loadable_platform_path(finding: LawFinding, platform_path: Path) -> Path:
    """Return the path with which the generated scenario loads its platforms.

    That is *platform_path*, or its folder if the file alone does not load or a script may call
    other platforms.
    """
    file, folder = platform_path.absolute(), platform_path.absolute().parent
    first, second = (folder, file) if finding.script else (file, folder)
    try:
        load_platforms(first)
    except ConfigError:
        return second
    return first


def make_pytest_file(finding: LawFinding, plan: SearchPlan, root: Path) -> GeneratedFile:
    """Return the pytest test that reproduces *finding*; its path is below ``tests``."""
    name = re.sub(r"\W+", "_", _make_file_slug(finding)).strip("_")
    path = root / "tests" / f"test_fuzz_{name}.py"
    return GeneratedFile(path, "\n".join(_write_test_lines(finding, plan, root, name)) + "\n")


def _write_test_lines(
    finding: LawFinding, plan: SearchPlan, root: Path, name: str
) -> Iterator[str]:
    yield f'"""{json.dumps(finding.message, ensure_ascii=False)[1:-1]}"""'
    yield from ("", "from pathlib import Path", "", "from bpmax_sim import fuzz", "")
    yield "ROOT = Path(__file__).parents[1]"
    yield from ("", "", f"def test_{name}() -> None:")
    yield from (f"    # {line}" for line in finding.javascript)
    yield f"    fuzz.hold({finding.law!r}, ROOT / {_to_relative_path(plan.path, root)!r}, **{{"
    for key, value in _collect_test_arguments(finding, plan).items():
        shown = pformat(value, width=_WIDTH - 8, sort_dicts=False).replace("\n", "\n        ")
        yield f"        {key!r}: {shown},"
    if finding.script:
        yield f'        "script": ROOT / {_to_relative_path(Path(finding.script), root)!r},'
        named = ", ".join(
            f"ROOT / {_to_relative_path(library, root)!r}" for library in plan.libraries
        )
        yield f'        "libraries": [{named}],'
    yield "    })"


def _collect_test_arguments(finding: LawFinding, plan: SearchPlan) -> dict[str, Any]:
    optional = {
        "calls": [dict(call) for call in finding.calls],
        "situation": dict(finding.situation),
        "against": "" if plan.against == SIMULATE else plan.against,
    }
    return {name: value for name, value in optional.items() if value}


def _make_file_slug(finding: LawFinding) -> str:
    return f"{finding.call}.{finding.law}"


def _to_relative_path(path: Path, root: Path) -> str:
    return to_relative_name(path.absolute(), root.absolute())


def _to_inline_yaml(value: Any) -> str:
    return yaml_text(value).rstrip("\n")


def _escape_references(value: Any) -> Any:
    """Return *value* with each ``${`` escaped, since a scenario file would evaluate it."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {name: _escape_references(item) for name, item in value.items()}
    return list(map(_escape_references, value)) if isinstance(value, list) else value
