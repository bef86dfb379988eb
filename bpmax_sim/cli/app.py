"""The typer application and the table of all commands.

The module of a command is imported when that command is called, so that help is fast. A usage error
is reported on one line, with the most similar valid name.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from typer import Option

import bpmax_sim
from bpmax_sim.cli.command_errors import (
    explain_usage_error,
    report_error,
    translate_long_names,
)
from bpmax_sim.cli.help_text import (
    LocalisedCommand,
    LocalisedGroup,
    add_help_all,
    localise_full_stops,
    localise_parameters,
    read_parameter_helps,
    write_section,
)
from bpmax_sim.cli.terminal import (
    NobodyToAskError,
    OutputNotRead,
    make_output_printable,
    notify,
    say,
)
from bpmax_sim.errors import (
    BpmaxError,
    BpmaxWarning,
    ConfigError,
    suggest_few,
)
from bpmax_sim.git import SINCE_BRANCHING
from bpmax_sim.i18n import (
    UnknownLanguageError,
    choose_language,
    get_current_language,
    join_messages,
    msg,
    translate,
)
from bpmax_sim.project import find_root, read_language
from bpmax_sim.report.exit_codes import ExitCode


class Command(msgspec.Struct, frozen=True):
    """A command of the command line, as declared in the table `COMMANDS`.

    Attributes:
        home: function that performs the command, as ``module:function`` in this package.
        about: one-line description.
        example: example command line.
        more: further help text, shown below the description.
    """

    home: str
    about: str
    example: str
    more: str = ""


_EXIT_CODES = msg(
    "Exit codes: 0 passed, 1 a scenario failed, 2 usage or collection error, 3 "
    "cassette missing or missed, 4 live system unreachable, 5 nothing collected, 6 "
    "review pending."
)

COMMANDS: Mapping[str, Command] = {
    "demo": Command(
        "project:demo",
        msg("Record a script against a small CRM and replay it without network and credentials"),
        "bpmax-sim demo",
        msg("Needs nothing but this package, and leaves a folder that runs."),
    ),
    "init": Command(
        "project:init",
        msg("Make a project that passes at once: platform, script, scenario, cassette, CI files"),
        "bpmax-sim init --platform crm_system --ci github",
        msg(
            "It asks for what no option says. In a project that has scenarios it writes CI "
            "and Git files alone. What is there is replaced only if you agree. With --from FILE "
            "nothing is asked or replaced: what is new in the traffic is added, and passes."
        ),
    ),
    "run": Command(
        "run:run",
        msg("Run scenarios; by default they replay what was recorded"),
        "bpmax-sim run scenarios/crm -k 冒烟",
        _EXIT_CODES,
    ),
    "record": Command(
        "run:record",
        msg("Run scenarios against the live systems and record their responses"),
        "bpmax-sim record scenarios/crm/customer.scenario.yaml",
        msg(
            "Credentials come from where instances.yaml says. A scenario that fails leaves "
            "the old cassette as it is and sets the new one aside as <file>.new. "
            "{exit_codes}",
            exit_codes=_EXIT_CODES,
        ),
    ),
    "review": Command(
        "review:review",
        msg("Show recordings that wait as <file>.new, and accept or reject them"),
        "bpmax-sim review --accept cassettes/crm/customer.yaml.new",
        msg(
            "Without --accept and --reject it shows what they change, asks of each on a "
            "terminal, and ends with 6 if any is left."
        ),
    ),
    "list": Command(
        "listing:list_scenarios",
        msg("List scenarios and the rows of their tables"),
        "bpmax-sim list --json",
    ),
    "types": Command(
        "types:types",
        msg("Write declarations by which an editor completes $proxy, form and ctx"),
        "bpmax-sim types",
        msg(
            "Writes scenarios/bpmax.d.ts from platforms, recordings and forms, and jsconfig.json "
            "and .vscode/settings.json where they lack something. No recorded value is in them."
        ),
    ),
    "uses": Command(
        "uses:uses",
        msg("Show what calls, reads, writes, runs or replays a part of the project"),
        "bpmax-sim uses crm_system.get_customer_detail",
        msg(
            "PLACE is a file, file:line, platform, platform.api, platform.api.parameter, field, "
            "node or person. What is only put together when it runs is in no list."
        ),
    ),
    "show": Command(
        "show:show",
        msg("Show the first failure of the last run again, without running anything"),
        "bpmax-sim show --all",
        msg("Both `bpmax-sim run` and pytest remember below .bpmax/ what failed, until it passes."),
    ),
    "report": Command(
        "report:report",
        msg("Write one HTML report from the traces of runs, of one machine or of many"),
        "bpmax-sim report --to report.html",
        msg(
            "`bpmax-sim run --trace=on` and `pytest --bpmax-trace=on` keep traces below "
            ".bpmax/trace. Of a scenario that several folders hold, that of the later "
            "folder counts."
        ),
    ),
    "lint": Command(
        "lint:lint",
        msg("Check platforms, scenarios, scripts and cassettes without running anything"),
        "bpmax-sim lint --format github",
        msg(
            "In cassettes it looks for damage, for secrets that this machine knows and for "
            "what looks like one. Of a platform file or a script it checks the whole "
            "project, so a hook of pre-commit may pass it whatever was changed."
        ),
    ),
    "cassette inspect": Command(
        "cassettes:inspect",
        msg("Show what is recorded in a cassette"),
        "bpmax-sim cassette inspect cassettes/crm/customer.yaml",
        msg(
            "With :LINE behind the file, it shows that exchange whole; of a folder, the exchanges "
            "of all cassettes in it."
        ),
    ),
    "cassette diff": Command(
        "review:diff",
        msg("Compare two cassettes by meaning, exchange by exchange, and report where they differ"),
        "bpmax-sim cassette diff cassettes/crm/customer.yaml",
        msg(
            "By default with the recording that waits beside it as <file>.new. Instants, "
            "durations and fields that are declared volatile do not count. It ends with 1 "
            "if they differ."
        ),
    ),
    "cassette fmt": Command(
        "cassettes:fmt",
        msg("Write cassettes in canonical form, with keys of the current matching rules"),
        "bpmax-sim cassette fmt --check",
        msg(
            "After a change of ignore or volatile, replay works keys out anew each time; "
            "this saves that. What was edited by hand is for `bpmax-sim cassette seal FILE`."
        ),
    ),
    "cassette seal": Command(
        "cassettes:seal",
        msg("Accept a cassette that was edited by hand"),
        "bpmax-sim cassette seal cassettes/crm/customer.yaml",
        msg(
            "It shows what changes in each file and asks before it writes. Of a folder, it takes "
            "all cassettes that were edited."
        ),
    ),
    "cassette recover": Command(
        "cassettes:recover",
        msg("Seal what an interrupted recording left in its journal"),
        "bpmax-sim cassette recover",
    ),
    "cassette prune": Command(
        "prune:prune",
        msg("Delete exchanges and cassettes that no test used in the last full run of pytest"),
        "bpmax-sim cassette prune --yes",
        msg(
            "It shows what would go, and asks before it deletes; where nobody can be asked "
            "it needs --yes. Recordings of logins stay, and so does all of a test that "
            "failed or was skipped."
        ),
    ),
    "cassette export": Command(
        "cassettes:export_cassette",
        msg("Write a cassette as an HTTP Archive, curl commands, WireMock mappings or plain vcrpy"),
        "bpmax-sim cassette export cassettes/crm/customer.yaml --as har",
        msg("Credentials stay stand-ins. What the format cannot carry is reported."),
    ),
    "import": Command(
        "imports:import_traffic",
        msg(
            "Convert recordings of vcrpy, betamax, a browser (HAR), WireMock and others to "
            "cassettes"
        ),
        "bpmax-sim import traffic.har --to cassettes/crm/customer.yaml",
        msg(
            "Credentials, cookies and tokens are replaced by stand-ins; logins are left out, "
            "as replay synthesises them. What cannot be converted is reported, and no file "
            "is replaced without asking."
        ),
    ),
    "import openapi": Command(
        "imports:openapi",
        msg("Make a platform file from an OpenAPI or Swagger document: APIs, login and responses"),
        "bpmax-sim import openapi crm.openapi.json --key crm_system",
        msg(
            "It adds an instance whose credentials come from the environment. Nothing is "
            "fetched; what a platform file cannot express is reported, and listed at the top "
            "of the file. Mode simulate responds as the document says."
        ),
    ),
    "verify": Command(
        "verify:verify",
        msg("Send recorded calls to the live systems and report how their responses have changed"),
        "bpmax-sim verify cassettes/crm/customer.yaml --max-age 30d",
        msg(
            "Only GET and HEAD, unless writes are allowed; an API may say verify: never. A "
            "field that is new is an info, one that is gone a warning, another type or "
            "status an error. What differs between two answers in a row counts as no "
            "change. Exit codes: 0 no error, 1 errors, 3 a cassette is damaged, 4 a live "
            "system cannot be reached."
        ),
    ),
    "merge": Command(
        "merge:merge",
        msg("Merge cassettes that Git left unmerged, scenario by scenario"),
        "bpmax-sim merge",
        msg(
            "Where both sides recorded the same scenario, ours stays and theirs waits as "
            "<file>.new for `bpmax-sim review`; it ends with 1 then. Git runs it by itself once "
            "`bpmax-sim doctor --fix` has set that up."
        ),
    ),
    "migrate": Command(
        "migrate:migrate",
        msg("Move recordings to what scripts and platforms call today, by causes that you accept"),
        "bpmax-sim migrate --path /api/v1=/api/v2",
        msg(
            "Scenarios are replayed; each cause for which a call is not found is shown with its "
            "count. What is moved is marked, signed anew with the placeholder key, and replayed "
            "before a file is replaced. It ends with 6 if a cause is not accepted, with 1 if a "
            "scenario stays red."
        ),
    ),
    "capture": Command(
        "capture:capture",
        msg("Print lines to paste above a script in a live BPMAX, which tell what it does"),
        "bpmax-sim capture",
        msg(
            "They watch $proxy, form and ctx, change nothing of the script, and write to the "
            "console what was asked, answered, read and written; secrets are left out. "
            "bpmax-sim init --from makes a project of the copied console."
        ),
    ),
    "calibrate": Command(
        "calibrate:calibrate",
        msg("Ask a live BPMAX what it does, and hold our reading of $proxy against it"),
        "bpmax-sim calibrate > calibrate.js",
        msg(
            "Without FILE it prints a script for a live BPMAX, which asks an interface that "
            "echoes. With the copied console it marks each rule confirmed, refuted or unknown, "
            "and sets the keys of platforms and project. What no key can switch is said."
        ),
    ),
    "coverage": Command(
        "verify:show_coverage",
        msg("Show which APIs, parameters, auth paths, fields and nodes the scenarios touch"),
        "bpmax-sim coverage --fail-under 80",
        msg(
            "The scenarios are replayed for it. Platforms that are built in do not count, "
            "and neither does what a scenario touches that fails. With --scripts, the lines and "
            "branches of scripts are counted instead, and each branch that was never taken is "
            "named with what would reach it."
        ),
    ),
    "challenge": Command(
        "challenge:challenge",
        msg("Put small mistakes into scripts, and name the lines that scenarios lack to notice"),
        "bpmax-sim challenge scenarios/crm",
        msg(
            "Scenarios have to pass. A mistake that fails one is noticed; for one that changes "
            "something and fails none, the line of expect: that would fail is tried and shown. "
            "Branches that nothing takes are named. It ends with 1 only where --fail-under or "
            "--strict says so."
        ),
    ),
    "explore": Command(
        "explore:explore",
        msg("Try every failure of third parties on scenarios that pass, and judge what happens"),
        "bpmax-sim explore scenarios/order --max 200",
        msg(
            "Each call and each login of a scenario is refused, times out, is cut off, is answered "
            "with an error, with no JSON or without a member; each such variant is a run of its "
            "own. Red is what nobody is told of (silent), what is done twice (duplicate), and a "
            "crash on a response that a schema or a recording shows. Exit codes: 0 nothing red, "
            "1 findings, 2 usage, 5 nothing to explore."
        ),
    ),
    "fuzz": Command(
        "fuzz:fuzz",
        msg("Search a platform and scripts for calls that break a law, and write them as tests"),
        "bpmax-sim fuzz scenarios/platforms/crm_system.yaml --minutes 5",
        msg(
            "Calls are drawn from what the file declares: types, enums, formats, schemas. "
            "They are made against the platform's stand-in, with made-up credentials, or "
            "against an address, which gets GET and HEAD only unless writes are allowed. "
            "The laws: accepted, arrives, segments, credential, forms, languages, renewal, "
            "identity, replay, secrets, answer and script; the page on fuzzing in the "
            "reference says what each of them says. What breaks one is shrunk, kept in the "
            "example database, and printed as a scenario and as a pytest test. Exit codes: "
            "0 no law was broken, 1 one was, 2 usage, 4 the address cannot be reached."
        ),
    ),
    "serve": Command(
        "project:serve",
        msg("Answer over HTTP from cassettes, for a real BPMAX or a program in any language"),
        "bpmax-sim serve cassettes/crm --port 8700",
        msg(
            "Point the third party's address, or its host alone, at the one that is "
            "printed; where several third parties are recorded, /<platform key> in front "
            "names one. Any login is let in. What is not recorded gets status 501 and the "
            "text of the miss. With --record it stands before --upstream, sends on what comes "
            "and records it into cassettes/<platform or host>.yaml, which is sealed at the end. "
            "Ctrl-C ends it. It needs the extra 'server'."
        ),
    ),
    "simulate": Command(
        "project:simulate",
        msg("Answer over HTTP as a third party would: a stand-in with tokens, limits and memory"),
        "bpmax-sim simulate qywx --port 8700",
        msg(
            "The vendor's own SDK works against it but for the address; it logs in with "
            "the credentials that are printed. Without a name it lists what there is. "
            "Ctrl-C ends it. It needs the extra 'server'."
        ),
    ),
    "schema": Command(
        "project:schema",
        msg("Print or write the JSON Schemas with which editors check files while one types"),
        "bpmax-sim schema --write",
    ),
    "doctor": Command(
        "doctor:doctor",
        msg("Check that everything bpmax-sim needs is there"),
        "bpmax-sim doctor",
        msg(
            "It looks at the installation, the console, and in a project at platforms, "
            "what recordings left, schemas, Git and CI files. It ends with 1 if something "
            "is to be done."
        ),
    ),
}


_ABOUT = msg("Record what $proxy scripts call, replay it for ever.")
GROUPS: Final[Mapping[str, str]] = {
    "cassette": msg("Show, compare, format, seal, recover, prune or export cassettes"),
}
"""First word of commands that have two -> what they do; a group alone prints its help."""
_LANG: Final = "--lang"


PROGRAM = "bpmax-sim"
WIDTH = 100
_SETTINGS = {"max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}
_RECORDING = msg(
    "\nstopped; what was being recorded is kept, `bpmax-sim cassette recover` seals it"
)
_NOBODY_ANSWERS = msg("\nstopped; nothing was changed: there is no terminal to answer; add --yes")


class _CommandWithBareChangedOption(LocalisedCommand):
    """A command whose option ``--changed`` may be given without a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _complete_changed(args))


def _complete_changed(arguments: Sequence[str]) -> list[str]:
    """Return *arguments* with the default value inserted after each ``--changed`` without one.

    A following word that is an existing path is not the value but a target of the run.
    """
    whole: list[str] = []
    for word, following in zip_longest(arguments, arguments[1:], fillvalue=""):
        is_bare = word == "--changed" and "--" not in whole and not _can_be_revision(following)
        whole.append(f"{word}={SINCE_BRANCHING}" if is_bare else word)
    return whole


def _can_be_revision(text: str) -> bool:
    return bool(text) and not text.startswith("-") and not Path(text).exists()


class _Commands(LocalisedGroup):
    """A typer group with all commands whose names begin with *prefix*, such as ``cassette ``.

    With an empty prefix it is the top level, with all commands and groups.
    """

    prefix = ""

    def list_commands(self, _ctx: Any) -> list[str]:
        return [name for name in _list_commands_below(self.prefix) if " " not in name]

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        name = join_messages("", (self.prefix, cmd_name))
        if name in GROUPS:
            return _build_group(name, get_current_language())
        command = COMMANDS.get(name)
        return _build_command(name, command, get_current_language()) if command else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] == "help":  # as other tools have it
            args = [*args[1:], "--help"] if args[1:] else ["--help"]
        name = args[0]
        pair = join_messages(" ", args[:2])  # `import` is a command, and `import openapi` another
        if pair in COMMANDS and name in COMMANDS and not self.prefix:
            return pair, self.get_command(ctx, pair), args[2:]
        level = _list_commands_below(self.prefix)
        if name not in level and not name.startswith("-"):
            grouped = [full for full in COMMANDS if full.endswith(f" {name}")]
            if grouped and not self.prefix:
                ctx.fail(msg("{name!r} is `bpmax-sim {now}` now", name=name, now=grouped[0]))
            what = join_messages("", (self.prefix, name))
            text = suggest_few(name, level)
            ctx.fail(msg("there is no command {name!r}{text}", name=what, text=text))
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        level = _list_commands_below(self.prefix)
        rows = [(name, translate(about)) for name, about in level.items()]
        write_section(formatter, msg("Commands:"), rows)


class _CassetteCommands(_Commands):
    prefix = "cassette "


def _list_commands_below(prefix: str) -> Mapping[str, str]:
    """Return name and description of each command below the group *prefix*, such as ``cassette ``.

    With an empty *prefix*, this is the top level, where a group counts as one name.
    """
    level: dict[str, str] = {}
    for name, command in COMMANDS.items():
        group, _, _ = name.partition(" ")
        if prefix:
            if name.startswith(prefix):
                level[name.removeprefix(prefix)] = command.about
        elif group in GROUPS:
            level[group] = GROUPS[group]
        else:
            level[name] = command.about
    return level


@cache
def _build_group(name: str, _language: str) -> Any:
    app = typer.Typer(
        cls=_CassetteCommands,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=localise_full_stops(translate(msg("{about}.", about=GROUPS[name]))),
        context_settings=_SETTINGS,
    )
    app.callback(invoke_without_command=True)(_print_group_help)
    compiled = typer.main.get_command(app)
    add_help_all(compiled)
    return compiled


def _print_group_help(context: typer.Context) -> int:
    if context.invoked_subcommand is None:
        say(context.get_help())
    return ExitCode.PASSED


def _format_example(command: str) -> str:
    return msg("Example: {example}", example=command)


@cache
def _build_command(name: str, command: Command, _language: str) -> Any:
    # typer takes texts when a command is built, so there is one command for each language.
    module, _, function = command.home.partition(":")
    called = getattr(import_module(f"bpmax_sim.cli.{module}"), function)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    parts = (_format_example(command.example), msg("{about}.", about=command.about), command.more)
    text = localise_full_stops(translate(join_messages("\n\n", filter(None, parts))))
    app.command(name, cls=_CommandWithBareChangedOption, help=text, context_settings=_SETTINGS)(
        called
    )
    compiled: Any = typer.main.get_command(app)
    localise_parameters(compiled, read_parameter_helps(called))
    add_help_all(compiled)
    return compiled


def _root_callback(
    context: typer.Context,
    *,
    version: Annotated[bool, Option("--version", help=msg("Print the version."))] = False,
    lang: Annotated[
        str | None,
        Option(_LANG, help=msg("Language of messages: en, zh."), metavar="LANGUAGE"),
    ] = None,
) -> int:
    del lang  # `run_command_line` has taken it; it stands here for the help
    if version:
        say(f"{PROGRAM} {bpmax_sim.__version__}")
    elif context.invoked_subcommand is None:
        say(context.get_help())
    return ExitCode.PASSED


def run_command_line(arguments: Sequence[str]) -> int:
    """Run the command that *arguments* name and return its exit code."""
    try:
        make_output_printable()
        language, arguments = _split_language_option(arguments)
        choose_language(language, configured=read_language(find_root(Path())))
        with _print_warnings_as_messages():
            return _call_command(arguments)
    except UnknownLanguageError as error:
        return report_error(ConfigError(str(error)), arguments)
    except OutputNotRead:
        return 141  # as shells tell of SIGPIPE: `| head` has seen enough
    except KeyboardInterrupt:
        return _report_interrupt(arguments)


@contextmanager
def _print_warnings_as_messages() -> Iterator[None]:
    """Print the package's own warnings without the Python file and line that Python adds."""
    with warnings.catch_warnings():
        foreign = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, BpmaxWarning):
                notify("warning: {text}", text=getattr(message, "args", [message])[0])
            else:
                foreign(message, category, *place, **more)

        warnings.showwarning = show
        warnings.simplefilter("default", BpmaxWarning)
        yield


def _split_language_option(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the value of ``--lang`` at any position of *arguments*, and the other arguments."""
    left = list(arguments)
    end = left.index("--") if "--" in left else len(left)
    for number, argument in enumerate(left[:end]):
        name, equals, value = argument.partition("=")
        if name == _LANG:
            if not equals:
                value = "".join(left[number + 1 : number + 2])
            return value, left[:number] + left[number + (1 if equals else 2) :]
    return None, left


def _call_command(arguments: Sequence[str]) -> int:
    try:
        with translate_long_names():
            code = _build_app(get_current_language())(
                list(arguments), prog_name=PROGRAM, standalone_mode=False
            )
    except typer.TyperException as error:
        named = _find_command_name(arguments)
        message = msg(
            "{in_our_words}; see {where} --help",
            in_our_words=explain_usage_error(named, error.format_message()),
            where=f"{PROGRAM} {named}".rstrip(),
        )
        return report_error(ConfigError(message), arguments)
    except BpmaxError as error:
        return report_error(error, arguments)
    except typer.Abort as error:
        is_silent = isinstance(error, NobodyToAskError)
        notify(_NOBODY_ANSWERS if is_silent else msg("\nstopped; nothing was changed"))
        return ExitCode.FAILED
    return _report_interrupt(arguments) if code == ExitCode.INTERRUPTED else int(code or 0)


def _find_command_name(arguments: Sequence[str]) -> str:
    words = [argument for argument in arguments if not argument.startswith("-")]
    candidates = (join_messages(" ", words[:2]), *words[:1])
    return next((name for name in candidates if name in COMMANDS or name in GROUPS), "")


def _report_interrupt(arguments: Sequence[str]) -> int:
    words = {word for argument in arguments for word in argument.split("=")}
    # `record`, `--mode record`, `serve --record`; a file may have the word in its name.
    is_recording = not words.isdisjoint({"record", "--record"})
    notify(_RECORDING if is_recording else msg("\nstopped"))
    return ExitCode.INTERRUPTED


@cache  # commands are called again and again in one process, too
def _build_app(_language: str) -> Any:
    app = typer.Typer(
        cls=_Commands,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=translate(join_messages("\n\n", (_format_example(f"{PROGRAM} demo"), _ABOUT))),
        context_settings=_SETTINGS,
    )
    app.callback(invoke_without_command=True)(_root_callback)
    compiled = typer.main.get_command(app)
    localise_parameters(compiled, read_parameter_helps(_root_callback))
    add_help_all(compiled)
    return compiled
