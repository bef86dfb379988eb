"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Mode(StrEnum):
    """Where answers come from."""

    replay = "replay"
    record = "record"
    live = "live"
    simulate = "simulate"


class Against(StrEnum):
    """Whom recording asks."""

    live = "live"
    simulator = "simulator"


class Record(StrEnum):
    """What is recorded."""

    once = "once"
    new = "new"
    rewrite = "rewrite"


class Unused(StrEnum):
    """What a recording that was not played is."""

    fail = "fail"
    warn = "warn"
    ignore = "ignore"


class Keep(StrEnum):
    """When what happened is kept."""

    on = "on"
    on_failure = "on-failure"
    off = "off"


class Engine(StrEnum):
    """Who runs JavaScript."""

    quickjs = "quickjs"
    v8 = "v8"
    both = "quickjs,v8"


class Faults(StrEnum):
    """Whether faults strike."""

    on = "on"
    off = "off"


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH[:LINE]",
        help="Scenario files, PATH::NAME, or folders; by default scenarios/ of the project.",
    ),
]
Keyword = Annotated[
    str, typer.Option("-k", metavar="TEXT", help="Only where name, file or a tag has this in it.")
]
Instance = Annotated[
    str, typer.Option(metavar="KEY", help="The instance where a script names none.")
]
Variables = Annotated[
    list[str] | None, typer.Option("--var", metavar="K=V", help="A variable; wins over the file's.")
]
Cassettes = Annotated[
    str | None,
    typer.Option(metavar="DIR|URL", help="The folder of all cassettes, or an fsspec URL."),
]
PlatformsFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The folder of platform files.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
TraceOption = Annotated[
    Keep, typer.Option(help="Whose events are kept below .bpmax/trace, for `bpmax-sim report`.")
]
FaultsOption = Annotated[Faults, typer.Option(help="Whether the scenarios' faults strike.")]
UnusedOption = Annotated[
    Unused | None, typer.Option(help="What a recording that is not played is.")
]
AllowHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-hosts",
        metavar="HOST",
        help="A host that stays open while replaying, by name or address; * matches.",
    ),
]
ShardOption = Annotated[
    str,
    typer.Option(metavar="I/N", help="Run one of N parts, split by .bpmax/durations.json."),
]
RecordOption = Annotated[
    Record,
    typer.Option(help="Only what has no recording, also what is missing in one, or all afresh."),
]
EngineOption = Annotated[
    Engine | None, typer.Option(help="Who runs JavaScript; v8 is the extra of that name.")
]
Stack = Annotated[
    str,
    typer.Option(
        "--js-stack", metavar="SIZE", help="Stack of scripts that recurse deeply, such as 24MB."
    ),
]
LimitsOption = Annotated[
    str,
    typer.Option(
        "--js-limits",
        metavar="LIMITS",
        help="What a script may use, such as cpu=10s,wall=60s,memory=256MB,calls=50000.",
    ),
]
AgainstOption = Annotated[Against, typer.Option(help="Whom recording asks.")]
AllowCi = Annotated[bool, typer.Option("--allow-ci-record", help="Record although CI is set.")]
Extra = Annotated[
    bool,
    typer.Option(
        "--record-extra", help="With --record=new, also record one more of a call played already."
    ),
]
