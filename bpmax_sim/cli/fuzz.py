"""``fuzz``: search for calls of a platform that violate a law."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from bpmax_sim.cli.item_selection import make_missing_file_problem, require_possible_name
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.terminal import notify, say, say_document, show_progress
from bpmax_sim.errors import ConfigError, suggest_or_list
from bpmax_sim.fuzz import search
from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.target import SIMULATE, check_server_and_credentials, check_simulate_or_url
from bpmax_sim.i18n import msg, plural
from bpmax_sim.platform.load import read_standalone_file
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.yamlfile import to_display_path, write_text_creating_folders


def fuzz(  # noqa: PLR0913 - the options of the command
    platform: Annotated[
        str,
        Argument(metavar="PLATFORM", help=msg("A platform file, or a key of the project.")),
    ],
    *,
    api: Annotated[str, Option(metavar="NAME", help=msg("Only this API."))] = "",
    against: Annotated[
        str, Option(metavar="simulate|URL", help=msg("What answers the calls."))
    ] = SIMULATE,
    allow_writes: Annotated[
        bool, Option("--allow-writes", help=msg("Also send a URL what may change something."))
    ] = False,
    script: Annotated[
        list[Path] | None,
        Option(metavar="FILE", help=msg("A script to try too; repeatable.")),
    ] = None,
    library: Annotated[
        list[Path] | None,
        Option(metavar="FILE", help=msg("Runs before scripts; repeatable."), hidden=True),
    ] = None,
    law: Annotated[
        list[str] | None,
        Option(metavar="NAME", help=msg("Only this law; repeatable."), hidden=True),
    ] = None,
    minutes: Annotated[float, Option(metavar="N", help=msg("How long at most."))] = 1,
    workers: Annotated[
        int, Option("-n", metavar="WORKERS", help=msg("Processes."), hidden=True)
    ] = 1,
    database: Annotated[
        str,
        Option(
            metavar="DIR|redis://…",
            hidden=True,
            help=msg(
                "Where examples are kept, to be shared; by default .bpmax/fuzz of the project."
            ),
        ),
    ] = "",
    save: Annotated[
        bool, Option("--save", help=msg("Write findings into scenarios/fuzz and tests."))
    ] = False,
    json: Json = False,
) -> int:
    """Search for calls that break a law.

    A law is a property that must hold for every call of a platform, such as "every value arrives".
    """
    _check_options(minutes, workers, law or (), (*(script or ()), *(library or ())))
    path = _find_platform_file(platform)
    root = find_root(path)
    plan = search.SearchPlan(
        path=path,
        api=api,
        against=against,
        allow_writes=allow_writes,
        scripts=tuple(script or ()),
        libraries=tuple(library or ()),
        laws=tuple(law or ()),
        seconds=60 * minutes,
        workers=workers,
        examples=database or str(root / ".bpmax/fuzz"),
    )
    return _search(plan, root, save=save, json=json)


def _search(plan: search.SearchPlan, root: Path, *, save: bool, json: bool) -> ExitCode:
    start = time.monotonic()
    check_simulate_or_url(plan.against)
    if plan.against != SIMULATE:
        check_server_and_credentials(
            search.load_plan_target(plan), read_standalone_file(plan.path).place
        )
    with show_progress(plan.seconds) as move:
        tried = [*search.search(plan, move), *search.find_skipped_laws(plan)]
    if not tried:
        where = to_display_path(plan.path)
        notify("{plan_path}: no law says anything of what it declares", plan_path=where)
    seconds = time.monotonic() - start
    findings = [trial.finding for trial in tried if trial.finding]
    number = sum(trial.examples for trial in tried)
    passed = ExitCode.PASSED if number else ExitCode.NOTHING
    code = ExitCode.FAILED if findings else passed
    scenarios = [search.make_scenario_file(finding, plan, root) for finding in findings]
    tests = [search.make_pytest_file(finding, plan, root) for finding in findings]
    reproduced = list(zip(findings, zip(scenarios, tests, strict=True), strict=True))
    for _, files in reproduced if save else ():
        for file in files:
            write_text_creating_folders(file.path, file.text)
    if json:
        summary = {"examples": number, "broken": len(findings), "exit_code": int(code)}
        say_document(
            platform=to_display_path(plan.path),
            against=plan.against,
            summary={**summary, "seconds": round(seconds, 1)},
            laws=[
                {
                    **{name: getattr(trial, name) for name in ("call", "law", "examples")},
                    "broken": trial.finding is not None if trial.examples else None,
                    "why": _explain_not_tried(trial),
                }
                for trial in tried
            ],
            findings=[_make_finding_data(*pair) for pair in reproduced],
        )
    else:
        for line in (*map(_format_outcome, tried), *_format_report(reproduced, saved=save)):
            say(line)
    _report_count(number, len(findings), seconds)
    return code


def _report_count(examples: int, findings: int, seconds: float) -> None:
    """Print how many examples were tried, and how many laws they broke."""
    broken = msg("no law was broken") if examples else msg("nothing was tried")
    if findings:
        broken = plural(findings, "{number} law was broken", "{number} laws were broken")
    notify(
        "{counted} in {seconds:.0f} s: {broken}",
        counted=plural(examples, "{number} example", "{number} examples"),
        seconds=seconds,
        broken=broken,
    )


def _check_options(
    minutes: float, workers: int, laws: Sequence[str], scripts: Sequence[Path]
) -> None:
    """Refuse invalid option values.

    Raises:
        ConfigError: with the values that are allowed, or the most similar name of a law or script.
    """
    if not 0 < minutes <= 24 * 60:
        raise ConfigError(
            "--minutes {minutes:g}: expected more than 0, and a day at most", minutes=minutes
        )
    if not 1 <= workers <= 64:  # noqa: PLR2004 - more than any machine here has use for
        raise ConfigError("-n {workers}: expected 1 to 64 processes", workers=workers)
    known = (*LAWS, search.SCRIPT)
    for name in laws:
        if name not in known:
            hint = suggest_or_list(name, known)
            raise ConfigError("--law {name}: there is no such law{hint}", name=name, hint=hint)
    lacking = [
        make_missing_file_problem(script, ".js") for script in scripts if not script.is_file()
    ]
    if lacking:
        raise ConfigError(*lacking)


def _find_platform_file(text: str) -> Path:
    """Return the platform file given by path or by platform key.

    Raises:
        ConfigError: if there is none.
    """
    if Path(text).is_file():
        return Path(text)
    folder = find_root(Path.cwd()) / "scenarios/platforms"
    own = folder / f"{text}.yaml"
    if own.is_file():
        return Path(to_display_path(own))
    if Path(text).is_dir():
        raise ConfigError("{text}: expected one platform file; name one of those in it", text=text)
    if Path(text).name == text and not Path(text).suffix:
        require_possible_name(text)
        keys = sorted(path.stem for path in folder.glob("*.yaml"))
        near = suggest_or_list(text, keys)
        raise ConfigError("there is no platform {key!r}{near}", key=text, near=near)
    raise ConfigError(make_missing_file_problem(text, ".yaml"))


def _explain_not_tried(tried: search.LawOutcome) -> str:
    """Return why the law has no examples; "" if it has some."""
    if tried.finding or tried.examples:
        return ""
    return tried.why or msg("no call got so far that it could be judged")


def _format_outcome(tried: search.LawOutcome) -> str:
    if why := _explain_not_tried(tried):
        return msg("- {call} {law}  not tried: {why}", call=tried.call, law=tried.law, why=why)
    return msg(
        "{mark} {call} {law}  {examples}",
        mark="×" if tried.finding else "√",
        call=tried.call,
        law=tried.law,
        examples=plural(tried.examples, "{number} example", "{number} examples"),
    )


def _format_report(
    reproduced: Iterable[
        tuple[search.LawFinding, tuple[search.GeneratedFile, search.GeneratedFile]]
    ],
    *,
    saved: bool,
) -> Iterator[str]:
    for finding, files in reproduced:
        yield ""
        yield msg("× {finding_message}", finding_message=finding.message)
        yield from (f"    {line}" for line in finding.javascript)
        for file in files:
            yield ""
            yield f"--- {'written: ' if saved else ''}{to_display_path(file.path)}"
            yield from () if saved else file.text.rstrip("\n").split("\n")


def _make_finding_data(
    finding: search.LawFinding, files: tuple[search.GeneratedFile, search.GeneratedFile]
) -> dict[str, Any]:
    scenario, test = ({"file": to_display_path(file.path), "text": file.text} for file in files)
    texts = {name: getattr(finding, name) for name in ("call", "law", "message")}
    lines = list(finding.javascript)
    return {**texts, "javascript": lines, "scenario": scenario, "test": test}
