"""Run scripts with and without the lines of capture: ``python -m tests.campaigns.capture``.

In both engines: every script of the corpus, and the scenarios of the gallery, whose observations
have to be equal but for the lines themselves. In Chromium: every style of call, with each kind of
interface proxy and form that somebody could have built, and each way in which the names are bound.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

from bpmax_sim.live.capture import render_capture_lines
from bpmax_sim.live.console import read_console
from bpmax_sim.scenario import load, runner
from bpmax_sim.scenario.observation import Observation, observe
from tests.live.scripts import FAKE, STYLES
from tests.probe import ROOT
from tests.report.viewer import browser
from tests.script.bench import ENGINE, run, texts
from tests.script.v8_parity.test_corpus import FOLDER

ENGINES: Final[tuple[Literal["quickjs", "v8"], ...]] = ("quickjs", "v8")
_SPACER: Final = "//\n//\n//\n"


def corpus_differences(engine: str) -> Iterator[str]:
    """Yield the names of the corpus's scripts that do something else below the lines."""
    ENGINE.set(engine)
    for path in sorted(FOLDER.glob("*.js")):
        source = path.read_text("utf-8")
        ends = []
        for head in (_SPACER, render_capture_lines()):
            outcome = run(head + source)
            own = [line for line in texts(outcome) if not line.startswith("~bpmax:")]
            ends.append((repr(outcome.value), str(outcome.error), own))
        if ends[0] != ends[1]:
            yield f"{engine} {path.name}: {ends[0]} {ends[1]}"


def copy_gallery(folder: Path, head: str) -> Path:
    """Return a project below *folder*, that of this repository, with *head* above every script."""
    for name in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\n", encoding="utf-8")
    for path in (folder / "scenarios/scripts").rglob("*.js"):
        source = path.read_text("utf-8")
        is_library = path.parent.name == "lib" or path.stem in {"debounce", "get_customer_info"}
        path.write_text(source if is_library else head + source, encoding="utf-8")
    for path in (folder / "scenarios").rglob("*.scenario.yaml"):  # the lines are in the console
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.lstrip().startswith("console:")]
        path.write_text("".join(kept), encoding="utf-8")
    return folder


def observations(project: Path, engine: Literal["quickjs", "v8"]) -> dict[str, list[Observation]]:
    """Return what each scenario of *project* came to, without the lines of ``capture``."""
    found = {}
    for path in sorted((project / "scenarios").rglob("*.scenario.yaml")):
        for item in load.load_items(path):
            session = runner.open_session(item, cassettes=project / "cassettes", engine=engine)
            seen = observe(list(runner.run_item(item, session)))
            found[f"{path.stem}[{item.row_id}]"] = list(without_lines(seen))
    return found


def without_lines(seen: tuple[Observation, ...]) -> Iterator[Observation]:
    """Yield *seen* without the lines of ``capture``, the others numbered anew."""
    numbers: dict[str, int] = {}
    kept: dict[tuple[str, str], str] = {}
    hidden = {
        (one.step, one.place.partition(".")[0])
        for one in seen
        if one.place.startswith("console[") and str(one.value).startswith("~bpmax:")
    }
    for one in seen:
        entry, dot, rest = one.place.partition(".")
        if not entry.startswith("console["):
            yield one
        elif (one.step, entry) not in hidden:
            if (one.step, entry) not in kept:
                kept[one.step, entry] = f"console[{numbers.get(one.step, 0)}]"
                numbers[one.step] = numbers.get(one.step, 0) + 1
            yield one._replace(place=kept[one.step, entry] + dot + rest)


_IN_A_PAGE: Final = """async ([fake, lines, script, kind, form, bound]) => {
  const told = [], own = console.log;
  console.log = text => told.push('' + text);
  try {
    const setup = new Function(fake + `; return {sent, $proxy: make('${kind}'), form: forms['${form}']()};`)();
    const AsyncFunction = (async () => {}).constructor;
    const body = lines + script;
    let work;
    if (bound === 'parameters') work = new AsyncFunction('$proxy', 'form', body);
    else if (bound === 'constants') work = new AsyncFunction('a', 'b', `const $proxy = a, form = b; return await (async () => {${body}})();`);
    else { globalThis.$proxy = setup.$proxy; globalThis.form = setup.form; work = new AsyncFunction(body); }
    let end;
    try { end = await work(setup.$proxy, setup.form); } catch (error) { end = ['threw', error.name, error.message]; }
    return JSON.stringify({end, sent: setup.sent, form: {a: setup.form.a, rows: setup.form.rows}, own: told.filter(line => !line.startsWith('~bpmax:')), lines: told.filter(line => line.startsWith('~bpmax:'))});
  } finally { console.log = own; delete globalThis.$proxy; delete globalThis.form; }
}"""  # noqa: E501 - JavaScript


def chromium_differences() -> Iterator[str]:
    """Yield what differs in Chromium, and what was not told there."""
    with browser() as running:
        page = running.new_page()
        for bound in ("parameters", "globals", "constants"):
            for kind in ("closed", "mutable", "frozen"):
                for form in ("plain", "closed", "reactive"):
                    for style, script in STYLES.items():
                        case = f"chromium {bound} {kind} {form} {style}"
                        yield from _differences_in(page, case, (script, kind, form, bound))


def _differences_in(page: Any, case: str, given: tuple[str, ...]) -> Iterator[str]:
    ends = [
        json.loads(page.evaluate(_IN_A_PAGE, [FAKE, head, *given]))
        for head in (_SPACER, render_capture_lines())
    ]
    lines = [end.pop("lines") for end in ends]
    if "chance" not in case and ends[0] != ends[1]:
        yield f"{case}: {ends[0]} {ends[1]}"
    (told,) = read_console("\n".join(lines[1]))
    asked = sum(record["e"] == "ask" for record in told.records)
    expected = len(ends[0]["sent"]) if given[3] != "constants" else 0
    if asked != expected or told.notes:
        yield f"{case}: {asked} calls were told of {expected}, {told.notes}"
    if (given[3] == "constants") != (told.begin_record["bound"]["$proxy"] == "renamed"):
        yield f"{case}: {told.begin_record['bound']}"


def main() -> int:
    """Print what differs; the exit code is 1 if anything does."""
    found = []
    for engine in ENGINES:
        found += list(corpus_differences(engine))
        with tempfile.TemporaryDirectory() as plain, tempfile.TemporaryDirectory() as pasted:
            before = observations(copy_gallery(Path(plain), _SPACER), engine)
            after = observations(copy_gallery(Path(pasted), render_capture_lines()), engine)
            for name, seen in before.items():
                different = {*map(str, seen)} ^ {*map(str, after[name])}
                found += [f"{engine} {name}: {one}" for one in sorted(different)]
        print(f"{engine}: corpus of {len(list(FOLDER.glob('*.js')))}, gallery of {len(before)}")  # noqa: T201
    found += list(chromium_differences())
    print("\n".join(found) or "nothing differs")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
