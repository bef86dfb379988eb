"""Ask a `$proxy` of somebody else in Chromium: ``python -m tests.campaigns.calibrate``.

The script of ``calibrate`` runs there, and in both engines here, with ten differences at once and
with each alone. The foreign `$proxy` (``tests/live/foreign_proxy.js``) was written from BPMAX's
documentation by somebody who had not seen the script; all of its differences have to be found, and
a fake that differs in nothing may be refuted nowhere. Each write is asked for by a dialogue.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from bpmax_sim.live.calibrate import render_calibration_script
from bpmax_sim.live.console import read_console
from bpmax_sim.live.judge import CalibrationResult, judge_run, list_refuted_rules
from tests.live.test_calibrate import DIFFERENCES, FAKE, TEN, find_differences, foreign_setup
from tests.report.viewer import browser
from tests.script.bench import ENGINE, Bench, texts

_DELAY: Final = 1
_WRITES: Final = 10
_IN_A_PAGE: Final = """async ([setup, script]) => {
  const told = [], own = console.log;
  console.log = text => told.push('' + text);
  try {
    const AsyncFunction = (async () => {}).constructor;
    await new AsyncFunction('form', setup + script)({amount: 1});
  } finally { console.log = own; }
  return told.join('\\n');
}"""


def judge_in_chromium(page: Any, setup: str) -> CalibrationResult:
    """Return what the script says of the `$proxy` that *setup* declares, in *page*."""
    script = render_calibration_script(delay=_DELAY)
    (run,) = read_console(page.evaluate(_IN_A_PAGE, [setup, script]))
    return judge_run(run)


def judge_in_engine(setup: str) -> CalibrationResult:
    """Return the same of an engine of ours."""
    script = render_calibration_script(delay=_DELAY, may_write=True)
    outcome = Bench().run(setup + script, form={"amount": 1})
    (run,) = read_console("\n".join(texts(outcome)))
    return judge_run(run)


def problems_of(where: str, judge: Any) -> Iterator[str]:
    """Yield the differences that are not found by *judge*, and rules that it refutes wrongly."""
    base = judge(foreign_setup())
    for chosen in (TEN, *((one,) for one in DIFFERENCES), tuple(DIFFERENCES)):
        found = find_differences(base, judge(foreign_setup(*chosen)))
        if lacking := {*chosen} - found:
            yield f"{where}: of {chosen} not found: {lacking}"
    same = judge(f"{FAKE}\nconst $proxy = make();\n")
    wrong = [key for key, _ in list_refuted_rules(same)]
    if wrong or same.result != "body":
        yield f"{where}: refuted of what differs in nothing: {wrong} {same.result}"
    print(f"{where}: {same.engine}, {same.zone}, {len(DIFFERENCES) + 2} runs")  # noqa: T201


def main() -> int:
    """Print what is wrong; the exit code is 1 if anything is."""
    problems: list[str] = []
    for engine in ("quickjs", "v8"):
        ENGINE.set(engine)
        problems += problems_of(engine, judge_in_engine)
    asked: list[str] = []
    with browser() as running:
        page = running.new_page(timezone_id="America/Sao_Paulo")

        def accept(dialog: Any) -> None:
            asked.append(dialog.message)
            dialog.accept()

        page.on("dialog", accept)
        problems += problems_of("chromium", lambda setup: judge_in_chromium(page, setup))
        zone = judge_in_chromium(page, foreign_setup()).offsets
    if set(zone) != {-180}:
        problems.append(f"chromium: time zone {zone}")
    if len(set(asked)) != _WRITES or not all("bpmax-sim" in text for text in asked):
        problems.append(f"chromium: asked before {json.dumps(sorted(set(asked)))}")
    print("\n".join(problems) or "all differences are found")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
