"""A law held against given calls: what a failure's scenario and its pytest test do."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from bpmax_sim.errors import ConfigError, near
from bpmax_sim.platform.load import read_platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.scenario.names import find_root
from bpmax_sim.strategies.derived import loaded, together
from bpmax_sim.strategies.fuzz.broken import LawBroken
from bpmax_sim.strategies.fuzz.case import Plain, program
from bpmax_sim.strategies.fuzz.checks import Programs
from bpmax_sim.strategies.fuzz.laws import LAWS
from bpmax_sim.strategies.fuzz.scripts import SCRIPT, check_script
from bpmax_sim.strategies.fuzz.target import SIMULATE, Target, hang_up, target_of


class OnTheBench(Protocol):
    """A session, as a scenario's ``python`` step is given it."""

    @property
    def platforms(self) -> Platforms:
        """Return what is declared."""
        ...


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
    """Hold *law* against calls of the platform file *platform*; nothing is returned.

    Args:
        law: its name; see `LAWS`.
        platform: the file.
        calls: ``{"call": "crm.create_order", "args": […]}``, or with ``"set"`` for a chain.
        against: ``simulate``, or the address of a system that may be called.
        script: for the law of scripts, the file.
        libraries: files that run before it.
        situation: for the law of scripts, ``{"form": …, "trouble": …}``.

    Raises:
        LawBroken: it does not hold; also an `AssertionError`.
        ConfigError: there is no such law, or a file is wrong.
    """
    known = together(platform) if script else loaded(platform)
    target = target_of(known, read_platform(Path(platform)).platform_key, against)
    files = [os.fspath(one) for one in (script, *libraries)]
    try:
        _hold(target, law, calls, files, situation)
    finally:
        hang_up()


def held(  # noqa: PLR0913 - what a finding holds
    bench: OnTheBench,
    *,
    law: str,
    platform: str,
    calls: Sequence[Plain] = (),
    against: str = SIMULATE,
    script: str = "",
    libraries: Sequence[str] = (),
    situation: Mapping[str, Any] | None = None,
) -> None:
    """Do what `hold` does, in a step ``python`` of a scenario.

    *platform* is the platform's key, and scripts are named from the project's root.

    Raises:
        LawBroken: it does not hold.
        ConfigError: there is no such law.
    """
    files = [str(find_root(Path.cwd()) / one) for one in (script, *libraries)]
    try:
        _hold(target_of(bench.platforms, platform, against), law, calls, files, situation)
    finally:
        hang_up()


def _hold(
    target: Target,
    law: str,
    calls: Sequence[Plain],
    files: Sequence[str],
    situation: Mapping[str, Any] | None,
) -> None:
    if law == SCRIPT:
        hold_script(target, files, situation or {"form": {}, "trouble": ""})
        return
    if law not in LAWS:
        hint = near(law, LAWS) or f"; there are {', '.join((*LAWS, SCRIPT))}"
        raise ConfigError(f"there is no law {law!r}{hint}")
    hold_programs(target, law, tuple(program(one) for one in calls))


def hold_programs(target: Target, law: str, programs: Programs) -> None:
    """Hold *law* against *programs*.

    Raises:
        LawBroken: it does not hold; the message names the call and the law.
    """
    try:
        LAWS[law].check(target, programs)
    except LawBroken as error:
        raise LawBroken(error.why, law=law, call=f"{target.key}.{programs[0].api}") from None


def hold_script(target: Target, files: Sequence[str], situation: Mapping[str, Any]) -> None:
    """Hold the law of scripts against the first of *files* in *situation*, after the others.

    Raises:
        LawBroken: the script ends in a mistake of its own.
    """
    try:
        script, *libraries = files
        check_script(target, script, situation, libraries)
    except LawBroken as error:
        name = Path(files[0]).name
        raise LawBroken(error.why, law=SCRIPT, call=name) from None
