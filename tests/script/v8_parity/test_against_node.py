"""What Node says, from `data/node_table.json`; `data/node_table.mjs` writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpmax_sim.script.limits import Limits
from tests.script.bench import Bench, value_of

TABLE = json.loads((Path(__file__).parent / "data/node_table.json").read_text("utf-8"))
INTL_HAS = (
    "Intl has NumberFormat, DateTimeFormat, Collator, DisplayNames, PluralRules, "
    "RelativeTimeFormat, ListFormat and getCanonicalLocales; --bpmax-engine=v8 has all of ICU"
)
SAY = """
const say = expression => {
  try {
    const value = (0, eval)(`(${expression})`);
    const shown = typeof value === 'number' && !Number.isFinite(value) ? `${value}` : value;
    return JSON.stringify(shown === undefined ? null : shown);
  } catch (error) { return `throws ${error.name}`; }
};
return expressions.map(say);"""


@pytest.mark.parametrize("group", TABLE)
def test_the_shims_say_what_node_says(group: str) -> None:
    expressions = [expression for expression, _said in TABLE[group]]
    named = (
        "// Intl: PluralRules DisplayNames\n" + SAY
    )  # only what stands in the text of a script is polyfilled
    said = Bench(limits=Limits(cpu=60)).run(named, values={"expressions": expressions}).unwrap()

    differing = [
        (expression, expected, got)
        for (expression, expected), got in zip(TABLE[group], said, strict=True)
        if expected != got
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "(1).toLocaleString('de-DE')",
            "the locale de-DE is not simulated: use zh-CN, zh-TW, zh-HK or en-US",
        ),
        (
            "(1).toLocaleString('zh-CN', {notation: 'engineering'})",
            (
                'Intl.NumberFormat: notation "engineering" is not simulated: '
                "known are standard, compact"
            ),
        ),
        (
            "(1).toLocaleString('')",
            "the locale '' is not simulated: use zh-CN, zh-TW, zh-HK or en-US",
        ),
        (
            "(1).toLocaleString('客'.repeat(1e6))",
            f"the locale {'客' * 60}… is not simulated: use zh-CN, zh-TW, zh-HK or en-US",
        ),
        (
            "'a'.toLocaleLowerCase('tr')",
            "the locale tr is not simulated: use zh-CN, zh-TW, zh-HK or en-US",
        ),
        (
            "['b', 'a'].sort(new Intl.Collator('zh-TW').compare)",
            "sorting for zh-TW is not simulated: use zh-CN or en-US",
        ),
        (
            "(1).toLocaleString('zh-CN', {style: 'currency', currency: 'XAU'})",
            (
                "the currency XAU is not simulated: known are "
                "CNY, USD, EUR, GBP, JPY, HKD, TWD, AUD, CAD, INR"
            ),
        ),
        (
            "new Date(0).toLocaleString('zh-CN', {timeZone: 'Europe/Minsk'})",
            (
                "the time zone Europe/Minsk is not simulated: use Asia/Shanghai, UTC or an offset "
                "such as +08:00"
            ),
        ),
        (
            "new Date(0).toLocaleString('zh-CN', {timeZone: 'America/New_York'})",
            (
                "the time in America/New_York before 1990 or after 2037 is not simulated: "
                "use an offset such as -05:00"
            ),
        ),
        (
            "new Date(0).toLocaleDateString('zh-CN', {weekday: 'long', year: 'numeric'})",
            (
                "this choice of date parts is not simulated: known are those of "
                "d m md M Md y ym ymd yM yMd w wd wmd wMd wymd wyMd"
            ),
        ),
        (
            (
                "new Date(0).toLocaleString('zh-CN', "
                "{dateStyle: 'long', timeStyle: 'short', hour12: true})"
            ),
            (
                "a dateStyle beside a time of twelve hours is not simulated: "
                "ask for the parts, such as year and hour"
            ),
        ),
        (
            "new Intl.Collator('zh-CN', {caseFirst: 'upper'})",
            (
                "Intl.Collator: the option caseFirst is not simulated: "
                "known are numeric, sensitivity, usage"
            ),
        ),
        (
            "new TextDecoder('gb18030')",
            "the encoding gb18030 is not simulated: use utf-8, utf-16le or gbk",
        ),
        (
            "new Intl.DisplayNames('zh-CN', {type: 'language'}).of('tlh')",
            "Intl.DisplayNames: the language tlh is not simulated: known are common ones",
        ),
        (
            "new Intl.RelativeTimeFormat('zh-TW')",
            "Intl.RelativeTimeFormat for zh-TW is not simulated: use zh-CN or en-US",
        ),
        (
            "Intl.Segmenter.supportedLocalesOf('zh')",
            ("Intl.Segmenter is not simulated: " + INTL_HAS),
        ),
        (
            "new Intl.NumberFormat('zh-CN').formatRange(1, 2)",
            (
                "Intl.NumberFormat.prototype.formatRange is not simulated: known are format, "
                "formatToParts and resolvedOptions; --bpmax-engine=v8 has all of ICU"
            ),
        ),
        (
            "performance.mark('a')",
            (
                "performance.mark is not simulated: "
                "performance has now and timeOrigin, in virtual time"
            ),
        ),
    ],
)
def test_what_the_shims_do_not_know_they_refuse(expression: str, message: str) -> None:
    source = f"try {{ return {expression} }} catch (e) {{ return [e.name, e.message] }}"

    assert value_of(source) == ["RangeError", message]


def test_without_a_locale_it_is_chinese() -> None:
    source = """
      return [new Date(1772413200000).toLocaleString(), (1234.5).toLocaleString(),
        ['李四', '张三', '陈一'].sort((a, b) => a.localeCompare(b))]"""

    assert value_of(source) == ["2026/3/2 09:00:00", "1,234.5", ["陈一", "李四", "张三"]]
