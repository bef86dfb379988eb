"""The report's page in Chromium: every size, language and scheme, a thousand scenarios, 10 MB.

``python -m tests.campaigns.viewer``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bpmax_sim.report.trace_files import Trace
from tests.report.test_html import FAILURE, answered, event, finished, made, started
from tests.report.viewer import CHROMIUM, SIZES, Viewer, browser, stories, written

MOST = {"opening": 0.95, "frame": 0.05}
"""Seconds: a page that takes 0.95 of a processor is there after one, where nothing else runs."""
TIMES = 5
"""What else runs on the machine only adds to a time, so that the shortest of some counts."""
FRAMES = """async () => {
  const list = document.querySelector('.stories'), rows = [];
  list.scrollTop = 0;
  await new Promise(requestAnimationFrame);
  let last = performance.now();
  for (let n = 0; n < 120; n++) {
    list.scrollTop += 240;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    rows.push(now - last);
    last = now;
  }
  return rows;
}"""


def scenario(number: int) -> list[dict[str, Any]]:
    """Return what a scenario with ten steps told; every tenth failed."""
    events = [
        started(f"第{number}个", tags=[f"标签{number % 7}"], place=f"甲{number // 20}.yaml:2:1")
    ]
    for step in range(10):
        at = step * 0.5
        before, after = ({f"字段{n}": f"值{n + k}" for n in range(20)} for k in (step, step + 1))
        events += [
            event("StepStarted", at, number=step + 1, total=10, title=f"步骤{step}", form=before),
            made(step + 1, at, call=f"平台{number % 5}.接口{step}"),
            event("ConsoleWritten", at, text="查到", level="log", place="a.js:1:1"),
            answered(step + 1, at + 0.25, response={"列": list(range(50))}, sent_at=at),
            event("StepFinished", at + 0.25, number=step + 1, outcome="passed", form=after),
        ]
    bad = number % 10 == 0
    outcome = "failed" if bad else "passed"
    return [*events, finished(5.0, outcome=outcome, failures=[FAILURE] if bad else [])]


def wrongs(running: Any, folder: Path) -> Iterator[str]:
    """Yield everything that is not as it should be."""
    file = written(folder, stories(*map(scenario, range(1000))))
    print(f"{file.stat().st_size / 1e6:.1f} MB")  # noqa: T201
    view = Viewer(running, file)
    took = min(measure_openings(view))
    frame = min(max(view.page.evaluate(FRAMES)) for _ in range(TIMES))
    print(f"opened in {took:.2f} s of processor, slowest frame {frame:.0f} ms")  # noqa: T201
    if took > MOST["opening"]:
        yield f"opening took {took:.2f} s of processor"
    if frame > MOST["frame"] * 1000:
        yield f"a frame took {frame:.0f} ms"
    yield from view.wrong
    view.close()
    yield from hostile(running, folder)
    small = written(folder, stories(*map(scenario, range(30))))
    for size in SIZES:
        for scheme in ("light", "dark"):
            yield from looked(running, small, size, scheme)


def measure_openings(view: Viewer) -> Iterator[float]:
    """Open the page anew, and yield the seconds of processor until it was drawn, `TIMES` times.

    They are those of the thread that reads, runs and draws the page.
    """
    devtools = view.context.new_cdp_session(view.page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    for _ in range(TIMES):
        view.page.goto("about:blank")
        before = _read_task_time(devtools)
        view.go("")
        yield _read_task_time(devtools) - before


def _read_task_time(devtools: Any) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def hostile(running: Any, folder: Path) -> Iterator[str]:
    """Yield what 10 MB in every field does."""
    huge = "</script>\u202e" + "合" * 3_400_000
    events = [
        started(huge, tags=[huge]),
        event("StepStarted", number=1, total=1, title=huge, form={huge: huge}, place=huge),
        made(url=huge, body={huge: huge}, call=huge, header={huge: huge}, place=huge),
        answered(response=[huge], message=huge, sent_at=0),
        event("ConsoleWritten", text=huge, level="log", place=huge),
        event("StepFinished", number=1, outcome="failed", form={huge: huge}),
        finished(outcome="failed", failures=[{**FAILURE, "essence": huge}], notes=[huge]),
    ]
    trace = Trace("场", tuple(events), {huge: huge})
    view = Viewer(running, written(folder, [trace]))
    for key in "1234567":
        view.page.keyboard.press(key)
    yield from view.wrong
    view.close()


def looked(running: Any, file: Path, size: tuple[int, int], scheme: str) -> Iterator[str]:
    """Yield what is wrong in one size and scheme, in both languages."""
    view = Viewer(running, file, size=size, color_scheme=scheme)
    for _ in range(2):
        for word in ("第0个", "第7个"):
            view.page.locator("#search").fill(word)
            view.page.keyboard.press("Enter")
            view.page.keyboard.press("n")
            for found in view.list_violations():
                yield f"{size} {scheme}: {found}"
        wide = view.page.evaluate("document.documentElement.scrollWidth")
        if wide > size[0]:
            yield f"{size} {scheme}: the page is {wide} wide"
        view.page.get_by_role("button", name="English").or_(
            view.page.get_by_role("button", name="中文")
        ).click()
    yield from view.wrong
    view.close()


def main() -> int:
    """Return 1 if something is wrong."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    if not CHROMIUM:
        print("there is no Chromium to try the page in; apt-get install chromium")  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory() as folder, browser() as running:
        found = list(dict.fromkeys(wrongs(running, Path(folder))))
    print("\n".join(found) or "nothing is wrong")  # noqa: T201
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
