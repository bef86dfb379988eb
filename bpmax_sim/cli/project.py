"""``init``, ``demo``, ``serve``, ``simulate`` and ``schema``.

Commands that run no user scenario.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import indent
from typing import Annotated

from msgspec.structs import replace
from typer import Argument, Option

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.item_selection import (
    choose_platform_folders,
    find_files_by_suffix,
    load_project_platforms,
)
from bpmax_sim.cli.options import Json, PlatformFolders
from bpmax_sim.cli.output_schema import SHAPES, to_json_schema
from bpmax_sim.cli.terminal import (
    ask,
    can_ask,
    confirm,
    notify,
    say,
    say_json,
    say_json_line,
    say_result,
)
from bpmax_sim.cli.types import FILES, write_editor_files, write_schemas
from bpmax_sim.errors import CallError, ConfigError, suggest_or_list
from bpmax_sim.git import configure_merging, find_repository
from bpmax_sim.i18n import join_list, join_messages, msg, plural, translate
from bpmax_sim.live.echo import LONGEST_DELAY, make_echo_response
from bpmax_sim.messages import Request, Response
from bpmax_sim.project import SUFFIX, find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.starter.demo import play_demo
from bpmax_sim.starter.init import AUTHS, CIS, NewProject, plan_files, write_and_record_project
from bpmax_sim.yamlfile import to_display_path

_QUESTIONS = {
    "platform": (msg("Key of the third party, as in $proxy('…')"), "crm_system"),
    "url": (msg("Its address"), "https://crm.example.test"),
    "auth": (msg("How one logs in: {names}", names=join_list(AUTHS)), "bearer"),
    "ci": (msg("CI files: {names}, none", names=join_list(CIS)), "none"),
}


_MOST_NOTES = 20


def init(  # noqa: PLR0913 - the options of the command
    folder: Annotated[Path, Argument(metavar="DIR", help=msg("The project's folder."))] = Path(),
    *,
    platform: Annotated[str, Option(metavar="KEY", help=msg("The third party's key."))] = "",
    url: Annotated[str, Option(metavar="URL", help=msg("Its address."))] = "",
    auth: Annotated[
        str, Option(metavar="KIND", help=msg("How one logs in: {auths}.", auths=join_list(AUTHS)))
    ] = "",
    ci: Annotated[
        list[str] | None,
        Option(metavar="KIND", help=msg("Also a CI file: {cis}; repeatable.", cis=join_list(CIS))),
    ] = None,
    yes: Annotated[
        bool, Option("--yes", "-y", help=msg("Ask nothing, and replace what is there."))
    ] = False,
    sources: Annotated[
        list[Path] | None,
        Option(
            "--from",
            metavar="FILE",
            help=msg(
                "Draft from traffic: a captured console, HAR, curl commands, Postman, a cassette, "
                "OpenAPI; repeatable."
            ),
        ),
    ] = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help=msg("With --from: show it, and write nothing."))
    ] = False,
) -> int:
    """Create a project, or draft one from recorded traffic."""
    options = {"platform": platform, "url": url, "auth": auth, "ci": ",".join(ci or ())}
    if sources:
        if given := [f"--{name}" for name, value in options.items() if value]:
            message = plural(
                len(given),
                "{options} would do nothing beside --from, which drafts what the traffic shows; "
                "run bpmax-sim init with it on its own",
                "{options} would do nothing beside --from, which drafts what the traffic shows; "
                "run bpmax-sim init with them on their own",
                options=join_list(given),
            )
            raise ConfigError(message)
        return init_from_traffic(folder, sources, is_dry=dry_run)
    if dry_run:
        raise ConfigError("--dry-run belongs to --from FILE")
    return _init_interactively(folder, options, yes=yes)


def _init_interactively(folder: Path, options: dict[str, str], *, yes: bool) -> int:
    chosen = _choose_options(folder, options, asks=not yes and can_ask())
    ready = plan_files(folder, chosen)
    if ready.replaced and not yes:
        named = join_list(to_display_path(path) for path in ready.replaced)
        if not can_ask():
            raise ConfigError(
                "nothing was written, because these are there already: {named}; name another "
                "folder, or replace them with --yes",
                named=named,
            )
        confirm("Replace {named}?", named=named)
    written = list(write_and_record_project(ready, folder, chosen))
    if chosen.platform:
        written += write_editor_files(folder.absolute())
    for path in written:
        say(to_display_path(path))
    repository = find_repository(folder.absolute())
    for line in configure_merging(repository) if repository else ():
        notify(line)
    for line in _describe_next_steps(folder, chosen, written):
        notify(line)
    return ExitCode.PASSED


def init_from_traffic(folder: Path, sources: Sequence[Path], *, is_dry: bool) -> int:
    """Draft platform files, scenarios and cassettes from *sources*, and add them to the project.

    *sources* are files of recorded traffic, *folder* is that of the project. No question is asked.
    With *is_dry*, the texts are printed and nothing is written. Return the exit code.
    """
    from bpmax_sim.starter.project_draft import draft_project, write_draft  # noqa: PLC0415 - large
    from bpmax_sim.starter.traffic_sources import read_sources  # noqa: PLC0415 - large

    root = folder.absolute()
    draft = draft_project(root, read_sources(sources), os.environ)
    for note in draft.notes[:_MOST_NOTES]:
        notify(note)
    if len(draft.notes) > _MOST_NOTES:
        notify(msg("and {number} more", number=len(draft.notes) - _MOST_NOTES))
    for name, data in draft.files.items():
        more = msg(" (what is there stays, and more comes behind it)")
        say(f"{to_display_path(root / name)}{translate(more) if name in draft.changed else ''}")
        if is_dry and not name.startswith((".", "cassettes/")):
            say(indent(data.decode(), "    ").rstrip("\n"))
    if not draft.files:
        notify(msg("nothing to do, everything is there"))
        return ExitCode.PASSED
    played = plural(draft.calls, "{number} call", "{number} calls")
    if is_dry:
        notify(msg("dry run: nothing was written; {played} would be played", played=played))
        return ExitCode.PASSED
    write_draft(draft, root)
    where = "" if folder == Path() else msg("cd {folder} && ", folder=to_display_path(folder))
    notify(msg("It passes as it is ({played}):   {where}bpmax-sim run", played=played, where=where))
    notify(msg("a comment stands at each guess: scenarios/platforms, scenarios"))
    return ExitCode.PASSED


def _choose_options(folder: Path, options: dict[str, str], *, asks: bool) -> NewProject:
    """Return the options of the new project.

    An option that is not in *options* is asked for, or without *asks* has its default. A *folder*
    that has scenarios already gets only the files for CI and Git, unless a platform is given.
    """
    answers = dict(options)
    grown = any((folder / "scenarios").rglob(f"*{SUFFIX}")) and not options["platform"]
    for name, (question, default) in _QUESTIONS.items():
        if not answers[name] and not (grown and name != "ci"):
            answers[name] = ask(question, default) if asks else default
    named = (name.strip() for name in answers["ci"].split(","))
    cis = tuple(dict.fromkeys(name for name in named if name not in {"", "none"}))
    if grown:
        return NewProject(cis=cis)
    return NewProject(
        platform=answers["platform"], address=answers["url"], auth=answers["auth"], cis=cis
    )


def _describe_next_steps(
    folder: Path, chosen: NewProject, written: Sequence[Path]
) -> Iterator[str]:
    if not written:
        yield msg("nothing to do, everything is there")
    if not chosen.platform:
        return
    where = "" if folder == Path() else msg("cd {folder} && ", folder=to_display_path(folder))
    yield ""
    yield msg("It passes as it is:   {where}bpmax-sim run", where=where)
    yield msg("Then make it yours:   scenarios/platforms, scenarios/scripts, scenarios")
    yield msg(
        "and record it:        set {names}",
        names=join_list(chosen.address_and_credential_variables.values()),
    )
    yield msg("                      bpmax-sim record")


def demo(
    folder: Annotated[Path, Argument(metavar="DIR", help=msg("Where its project is made."))] = (
        Path("bpmax-demo")
    ),
    *,
    force: Annotated[
        bool, Option("--force", help=msg("Write into a folder that holds other files."))
    ] = False,
) -> int:
    """Create a small project, and record and replay it."""
    for line in play_demo(folder, force=force):
        say(line)
    list(write_editor_files(folder.absolute()))
    return ExitCode.PASSED


Host = Annotated[str, Option(metavar="HOST", help=msg("Where it listens."), hidden=True)]
Port = Annotated[
    int, Option(metavar="PORT", min=0, max=65_535, help=msg("0 for one that is free."))
]
_HOST = "127.0.0.1"
_LOCAL = frozenset({_HOST, "::1", "localhost"})


def serve(  # noqa: PLR0913 - the options of the command
    paths: Annotated[
        list[Path] | None,
        Argument(
            metavar="CASSETTE",
            help=msg("Files or folders; by default cassettes/; echo: what it gets."),
        ),
    ] = None,
    *,
    record: Annotated[
        bool, Option("--record", help=msg("Ask --upstream, and record what it answers."))
    ] = False,
    upstream: Annotated[
        str, Option(metavar="URL", help=msg("The third party's own address; with --record."))
    ] = "",
    platform: Annotated[
        str,
        Option(metavar="KEY", help=msg("Which platform that is; it names the cassette, too.")),
    ] = "",
    fallback: Annotated[
        bool,
        Option(
            "--fallback",
            help=msg("Answer from the cassette, and ask only for what is missing in it."),
        ),
    ] = False,
    host: Host = _HOST,
    port: Port = 0,
    platforms: PlatformFolders = None,
    json: Json = False,
) -> int:
    """Serve recordings over HTTP; with ``--record``, forward and record requests."""
    if record or upstream or platform or fallback:
        if not (record and upstream) or paths:
            raise ConfigError(
                "to record, say both --record and --upstream URL, and no cassette: it is "
                "cassettes/<platform or host>.yaml"
            )
        from bpmax_sim.cli.record_proxy import ProxyOptions, record_traffic  # noqa: PLC0415

        return record_traffic(
            ProxyOptions(
                upstream=upstream,
                platform=platform,
                fallback=fallback,
                host=host,
                port=port,
                folders=choose_platform_folders(platforms),
                is_local=host in _LOCAL,
                json=json,
            )
        )
    if paths == [Path("echo")] and not Path("echo").exists():
        return _serve_echo(host, port, json=json)
    return _serve_recordings(paths or (), choose_platform_folders(platforms), host, port, json=json)


def _serve_recordings(
    paths: Sequence[Path], folders: Sequence[Path], host: str, port: int, *, json: bool
) -> int:
    files = find_cassettes_to_serve(paths)
    if not files:
        raise ConfigError("there is no cassette here; record one, or name a file or a folder")
    from bpmax_sim.server import ReplayServer  # noqa: PLC0415 - help is quick without it

    recordings = ReplayServer(files, platforms=folders)
    exchanges = sum(len(Cassette.load(path)) for path in files)
    addresses = [f"{base} ({key})" if key else base for key, base in recordings.bases]

    def ready(url: str) -> None:
        if json:
            say_json_line(url=url, exchanges=exchanges, addresses=addresses)
            return
        say(url)
        notify(
            "{counted} of {names}",
            counted=plural(exchanges, "{number} exchange", "{number} exchanges"),
            names=(join_list(addresses) or msg("nobody")),
        )

    _serve_until_stopped(recordings.handle, host, port, ready)
    return ExitCode.PASSED


def find_cassettes_to_serve(paths: Sequence[Path]) -> list[Path]:
    """Return the cassettes at or below *paths*, by default in ``cassettes``, without logins.

    Recordings of logins are served with the cassettes that they belong to, not by themselves.
    """
    from bpmax_sim.session.settings import is_login_recording  # noqa: PLC0415 - as above

    return [path for path in find_files_by_suffix(paths, ".yaml") if not is_login_recording(path)]


def _serve_echo(host: str, port: int, *, json: bool) -> int:
    def respond(request: Request) -> Response:
        response = make_echo_response(replace(request, timeout=LONGEST_DELAY))
        time.sleep(response.elapsed)
        return response

    def ready(url: str) -> None:
        if json:
            say_json_line(url=url, exchanges=0, addresses=[])
        else:
            say(url)
            notify(msg("answers with what it gets; /status/404 and /delay/2 do as they say"))

    _serve_until_stopped(respond, host, port, ready)
    return ExitCode.PASSED


def simulate(
    platform: Annotated[str, Argument(metavar="PLATFORM", help=msg("Its key, such as qywx."))] = "",
    *,
    host: Host = _HOST,
    port: Port = 0,
    seed: Annotated[
        int, Option(metavar="N", help=msg("Seed of everything that it synthesises."), hidden=True)
    ] = 0,
    platforms: PlatformFolders = None,
    json: Json = False,
) -> int:
    """Serve synthesised responses of a platform over HTTP."""
    known = load_project_platforms(platforms)
    if not platform:
        message = msg("name a platform; there are {names}", names=join_list(known.keys))
        raise ConfigError(message)
    from bpmax_sim.server import SimulatorServer  # noqa: PLC0415 - help is quick without it

    try:
        standin = SimulatorServer(known, platform, seed=seed)
    except CallError as error:
        raise ConfigError(error.message) from None

    def ready(url: str) -> None:
        if json:
            instances = [
                {
                    "instance": tenant.instance,
                    "credentials": [
                        {"name": name, "value": value} for name, value in tenant.credentials.items()
                    ],
                }
                for tenant in standin.tenants
            ]
            say_json_line(url=url, platform=platform, instances=instances)
            return
        say(url)
        for tenant in standin.tenants:
            pairs = [f"{name}={value}" for name, value in tenant.credentials.items()]
            notify(
                "{platform}, instance {instance}: {names}",
                platform=platform,
                instance=tenant.instance,
                names=(join_messages(" ", pairs) or msg("no credentials")),
            )

    _serve_until_stopped(standin.handle, host, port, ready)
    return ExitCode.PASSED


def _serve_until_stopped(
    respond: Callable[[Request], Response],
    host: str,
    port: int,
    report_ready: Callable[[str], None],
) -> None:
    from bpmax_sim.server import serve as run  # noqa: PLC0415 - it is an extra

    if host not in _LOCAL:
        notify("whoever reaches {host} can use this; it has no password", host=host)

    def listening(url: str) -> None:
        report_ready(url)
        notify(msg("Ctrl-C ends it"))

    run(respond, host=host, port=port, ready=listening)
    notify(msg("stopped"))


def schema(
    kind: Annotated[
        list[str] | None,
        Argument(
            metavar="KIND",
            help=msg(
                "scenario, fragment, form, flow, people, platform, instances, or a command: "
                "what its --json prints."
            ),
        ),
    ] = None,
    *,
    write: Annotated[
        bool, Option("--write", help=msg("Write those of files into scenarios/schemas/."))
    ] = False,
    json: Json = False,
) -> int:
    """Print the JSON Schema of a kind of file, or write all of them."""
    if write:
        names = [to_display_path(path) for path in write_schemas(find_root(Path.cwd()))]
        say_result(names, json=json, files=names)
        return ExitCode.PASSED
    name = join_messages(" ", kind or ("scenario",))
    if name in FILES:
        say_json(FILES[name]())
    elif name in SHAPES:
        title = msg("bpmax-sim {kind} --json", kind=name)
        say_json({"title": title, **to_json_schema(SHAPES[name])})
    else:
        hint = suggest_or_list(name, [*FILES, *SHAPES])
        raise ConfigError("unknown schema {kind!r}{hint}", kind=name, hint=hint)
    return ExitCode.PASSED
