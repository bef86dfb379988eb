# ruff: noqa: T201 - a campaign prints what it found
"""``python -m tests.campaigns.challenge [FOLDER] [--cases]``: frozen cases of what challenge finds.

`tests/challenge/cases` holds the even half of them: (a) bugs in scripts that a weak scenario lets
through, (b) strong scenarios about which nothing may be said, (c) equivalent mutants that may never
be shown, (d) mutants that never end. They were written before the detector, by a reader of its
issue, and are not changed; FOLDER is another half. ``--cases`` judges the cases themselves: every
scenario passes, every mistake of (a) stays unnoticed and is noticed with the expectation that the
case names, what (c) says is equivalent passes, what (d) says never ends does not pass.

Else each case is challenged by itself, and the program prints how many of (a) have the right
verdict, place and line, what else is shown, and what of (b) and (c) is; it ends with 1 below nine
of ten.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bpmax_sim.yamlfile import parse_yaml, read_yaml, write_yaml

CASES = Path(__file__).parents[1] / "challenge" / "cases"
SCENARIO = "x.scenario.yaml"
LIMITS = ("--js-limits", "cpu=1s,memory=32MB,calls=500")
NEEDED = 0.9
"""The share of (a) that has to be right, and of what is shown that has to be real."""


class Case(NamedTuple):
    """One folder: its name such as ``a/02``, and what its case.yaml says."""

    name: str
    folder: Path
    says: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Return the letter of the kind."""
        return self.name[0]

    @property
    def expected(self) -> Sequence[Mapping[str, Any]]:
        """Return the findings that have to be shown."""
        found: Sequence[Mapping[str, Any]] = self.says.get("findings", ())
        return found


class Judgement(NamedTuple):
    """What was shown of one case."""

    case: Case
    shown: list[Mapping[str, Any]]
    is_right: bool
    wrong: list[Mapping[str, Any]]
    """Findings of (b), and of (c) at the place that is equivalent."""
    others: list[Mapping[str, Any]]
    """Findings at other places, which a reader has to judge."""


def read_cases(folder: Path) -> list[Case]:
    """Return the cases below *folder*."""
    return [
        Case(f"{path.parts[-3]}/{path.parts[-2]}", path.parent, _read(path))
        for path in sorted(folder.glob("[abcd]/*/case.yaml"))
    ]


def judge_cases(folder: Path) -> int:
    """Print which cases are not what they say, and return the exit status."""
    wrong = []
    for name, change, passing in (
        ("as they are", None, "abcd"),
        ("with their mistakes", _make_mistake, "ac"),
        ("with the expectation", _expect_more, "a"),
        ("with both", _make_noticed, ""),
    ):
        with tempfile.TemporaryDirectory() as scratch:
            copied = Path(scratch, "cases")
            shutil.copytree(folder, copied)
            cases = read_cases(copied)
            changed = [one for one in cases if change is None or change(one)]
            verdicts = _run(copied)
        for case in changed:
            if verdicts[case.name] != (case.kind in passing):
                ends = "passes" if verdicts[case.name] else "fails"
                wrong.append(f"{case.name} {name}: {ends}: {case.says['what']}")
        print(f"{name}: {len(changed)} cases")
    print(*wrong, f"{len(wrong)} cases are not what they say", sep="\n")
    return int(bool(wrong))


def judge_findings(folder: Path) -> int:
    """Challenge each case, print what came of it, and return the exit status."""
    judged = [_judge(case, _challenge(case)) for case in read_cases(folder)]
    for one in judged:
        for finding in one.wrong:
            print(f"{one.case.name}: may not be shown: {_show(finding)}")
        for finding in one.others:
            print(f"{one.case.name}: to be read: {_show(finding)}")
        if not one.is_right:
            print(f"{one.case.name}: missing: {one.case.says['what']}: {one.case.expected}")
            print(*(f"    shown: {_show(finding)}" for finding in one.shown), sep="\n")
    rights = [one.is_right for one in judged if one.case.kind == "a"]
    shown = sum(len(one.shown) for one in judged if one.case.kind in "ab")
    wrong = sum(len(one.wrong) for one in judged if one.case.kind in "ab")
    same = sum(len(one.wrong) for one in judged if one.case.kind == "c")
    ends = [one.is_right for one in judged if one.case.kind == "d"]
    print(f"(a) right verdict, place and line: {sum(rights)} of {len(rights)}")
    print(f"(a) and (b): {shown} shown, {wrong} of them about (b)")
    print(f"(c) shown: {same}")
    print(f"(d) ended by limit: {sum(ends)} of {len(ends)}")
    is_good = sum(rights) >= NEEDED * len(rights) and shown - wrong >= NEEDED * shown
    return int(not is_good or same > 0 or not all(ends))


def _judge(case: Case, shown: list[Mapping[str, Any]]) -> Judgement:
    is_right = all(any(_fits(one, want) for one in shown) for want in case.expected)
    places = [(want["file"], line) for want in case.expected for line in want["line"]]
    never = [(spot["file"], line) for spot in case.says.get("never", ()) for line in spot["line"]]
    wrong = shown if case.kind == "b" else [one for one in shown if _place(one) in never]
    others = [one for one in shown if case.kind == "a" and _place(one) not in places]
    return Judgement(case, shown, is_right, wrong, others)


def _fits(finding: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
    """Return whether *finding* has the file, line, verdict and expectation of *want*."""
    if _place(finding)[0] != want["file"] or _place(finding)[1] not in want["line"]:
        return False
    if finding["verdict"] not in want["verdict"]:
        return False
    text = json.dumps(finding, ensure_ascii=False)
    if column := want.get("column"):
        return column["form"] in text and ("case." in text or bool(finding["columns"]))
    if needs := want.get("needs"):
        return all(word in text for word in _words(needs))
    if "expect" not in want:
        return True
    proposed = _as_plain(finding["expect"])
    return any(_holds(proposed, one) for one in (want["expect"], *want.get("or", ())))


def _words(needs: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a text has to name that says what would reach a branch."""
    if "fails" in needs:
        yield needs["fails"].partition(".")[2]
    if "member" in needs:
        yield needs["member"]
    yield from needs.get("row", {})


def _holds(proposed: object, want: object) -> bool:
    """Return whether *want* stands in *proposed*, at the same or a higher place.

    A detector may propose a member, an operator around it, or the whole `expect` around it.
    """
    if isinstance(want, Mapping):
        if isinstance(proposed, str):  # a message may be written as its text alone
            return want == {"text": proposed}
        return isinstance(proposed, Mapping) and all(
            key in proposed and _holds(proposed[key], value) for key, value in want.items()
        )
    if isinstance(want, list):
        calls = proposed if isinstance(proposed, list) else []
        rest = iter(calls)
        return all(any(_holds(call, one) for call in rest) for one in want if one != {})
    if isinstance(proposed, Mapping) and "$matches" in proposed:
        return re.search(proposed["$matches"], str(want)) is not None
    return proposed == want or (isinstance(proposed, Mapping) and want in proposed.values())


def _as_plain(expect: object) -> object:
    """Return the proposed expectation as values, without the key `expect` around it."""
    if isinstance(expect, str):
        expect = parse_yaml(expect, "expect").to_plain()
    if isinstance(expect, Mapping) and set(expect) == {"expect"}:
        return expect["expect"]
    return expect


def _place(finding: Mapping[str, Any]) -> tuple[str, int]:
    return Path(finding["file"]).name, finding["line"]


def _show(finding: Mapping[str, Any]) -> str:
    return json.dumps(finding, ensure_ascii=False)


def _challenge(case: Case) -> list[Mapping[str, Any]]:
    command = [sys.executable, "-m", "bpmax_sim", "challenge", str(case.folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=case.folder)
    try:
        document = json.loads(done.stdout)
        found: list[Mapping[str, Any]] = document["findings"]
    except (ValueError, KeyError):
        sys.exit(f"{case.name}: {done.stdout}{done.stderr}")
    ended = [one for one in document["mutants"] if one["verdict"] == "limit"]
    return [*found, *(ended if case.kind == "d" else ())]


def _run(folder: Path) -> dict[str, bool]:
    """Return of each case whether all its items pass."""
    command = [sys.executable, "-m", "bpmax_sim", "run", ".", "--json", *LIMITS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    passed: dict[str, bool] = {}
    for item in json.loads(done.stdout)["items"]:
        name = "/".join(Path(item["file"]).parts[-3:-1])
        passed[name] = passed.get(name, True) and item["outcome"] == "passed"
    return passed


def _make_mistake(case: Case) -> bool:
    """Put the mistake of *case* into its script, where it names one."""
    if not (mistake := case.says.get("mistake")):
        return False
    path = case.folder / mistake["file"]
    text = path.read_text(encoding="utf-8")
    assert text.count(mistake["from"]) == 1, case.name
    path.write_text(text.replace(mistake["from"], mistake["to"]), encoding="utf-8")
    return True


def _expect_more(case: Case) -> bool:
    """Put the expectation that *case* names into its scenario, where it names one."""
    wanted = [one for one in case.expected if "expect" in one or "column" in one]
    path = case.folder / SCENARIO
    scenario = _read(path)
    for one in wanted:
        step = scenario["steps"][one["step"] - 1]
        if column := one.get("column"):
            for row in scenario["cases"]:
                row["expected"] = column["values"][row["id"]]
            more: object = {"form": {column["form"]: "${case.expected}"}}
        else:
            more = one["expect"]
        step["expect"] = _merge(step.get("expect"), more)
    path.write_text(write_yaml(scenario), encoding="utf-8")
    return bool(wanted)


def _make_noticed(case: Case) -> bool:
    return _make_mistake(case) and _expect_more(case)


def _merge(old: Any, more: Any) -> Any:
    """Return *old* with what *more* has besides, lists place by place."""
    if isinstance(old, dict) and isinstance(more, dict) and not any(k[0] == "$" for k in old):
        return {**old, **{key: _merge(old.get(key), value) for key, value in more.items()}}
    if isinstance(old, list) and isinstance(more, list):
        longer = old + [None] * (len(more) - len(old))
        return [_merge(a, more[n]) if n < len(more) else a for n, a in enumerate(longer)]
    return more


def _read(path: Path) -> Any:
    return read_yaml(path).to_plain()


def main() -> int:
    """Judge, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.challenge")
    parser.add_argument("folder", type=Path, nargs="?", default=CASES, help="of cases")
    parser.add_argument("--cases", action="store_true", help="judge the cases themselves")
    options = parser.parse_args()
    return (judge_cases if options.cases else judge_findings)(options.folder.resolve())


if __name__ == "__main__":
    sys.exit(main())
