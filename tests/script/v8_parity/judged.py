# ruff: noqa: E501 - JavaScript
"""Expressions drawn at random, and judges that say what they are worth."""

from __future__ import annotations

import atexit
import json
import math
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import Protocol

from hypothesis import strategies as st

from bpmax_sim.script.limits import Limits
from tests.script.bench import Bench

SAY = """
const shown = v => typeof v === 'number' ? (Object.is(v, -0) ? '-0' : String(v))
  : typeof v === 'bigint' ? v + 'n' : v === undefined ? 'undefined'
  : Array.isArray(v) ? '[' + Array.from(v, shown).join() + ']' : JSON.stringify(v);
const done = work => { try { return shown(work()); } catch (e) { return `throws ${e.name}`; } };
const say = text => done(() => (0, eval)(`(${text})`));
"""


class Judge(Protocol):
    """Says what expressions are worth."""

    def __call__(self, expressions: Sequence[str]) -> list[str]:
        """Return the text of each value."""
        ...


@cache
def racer() -> Judge:
    """Return the V8 of mini-racer."""
    from py_mini_racer import MiniRacer  # noqa: PLC0415 - an extra

    engine = MiniRacer()
    engine.eval(SAY + ";0")

    def judge(expressions: Sequence[str]) -> list[str]:
        text = engine.eval(f"JSON.stringify({json.dumps(list(expressions))}.map(say))")
        said: list[str] = json.loads(str(text))
        return said

    return judge


@cache
def find_why_no_node_judges(kind: str) -> str:
    """Return why the Node that is here, if any, cannot tell what *kind* is held against, or "".

    A newer one than 20 words some errors otherwise, has other characters of private use in GBK, and
    leaves powers to the machine's C library; the steps of a sort are the same.
    """
    if not shutil.which("node"):
        return "node is not installed"
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    is_newer = int(said.removeprefix("v").split(".")[0]) > 20
    return "this Node is newer than 20" if is_newer and kind in OF_NODE_20 else ""


OF_NODE_20 = {"powers", "messages", "gbk"}


@cache
def node() -> Judge:
    """Return a Node that goes on answering until this process ends.

    It judges what newer versions of V8 do otherwise: the steps of a sort, which a comparator that
    contradicts itself shows, and powers, which they leave to the machine's C library.
    """
    program = SAY + (
        "require('readline').createInterface({input: process.stdin})"
        ".on('line', line => console.log(JSON.stringify(JSON.parse(line).map(say))))"
    )
    child = subprocess.Popen(
        ["node", "-e", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TZ": "Etc/GMT-8"},  # +08:00 at all times, as scenarios have it
    )
    atexit.register(child.kill)
    assert child.stdin is not None
    assert child.stdout is not None
    asked, answered = child.stdin, child.stdout

    def judge(expressions: Sequence[str]) -> list[str]:
        asked.write(json.dumps(list(expressions)) + "\n")
        asked.flush()
        said: list[str] = json.loads(answered.readline())
        return said

    return judge


def differing(expressions: Sequence[str], judge: Judge) -> list[tuple[str, str, str]]:
    """Return each expression to which *judge* gives another value than the default engine."""
    texts = json.dumps(list(expressions))
    ours = Bench(limits=Limits(cpu=20)).run(f"{SAY}return {texts}.map(say)").unwrap()
    rows = zip(expressions, judge(expressions), ours, strict=True)
    return [(one, judge_outcome, own) for one, judge_outcome, own in rows if judge_outcome != own]


COMPARATORS = (
    "(a, b) => a - b", "(a, b) => b - a", "(a, b) => a > b", "(a, b) => a < b", "() => 1", "() => -1",
    "() => 0", "() => NaN", "() => undefined", "(a, b) => a > b ? 1 : -1", "(a, b) => a < b ? -1 : 0",
    "(a, b) => (a * 7 + b * 3) % 5 - 2", "(a, b) => a % 3 - b % 3", "(a, b) => String(a - b)",
    "(a, b) => (a ^ b) % 2 ? a - b : b - a", "(a, b) => ({valueOf: () => a - b})", "() => 1n",
    "(a, b) => BigInt(a - b)", "() => { throw new RangeError() }", "(a, b) => [a - b]", "() => null",
    "(a, b) => (n = (n * 16807 + a) % 2147483647) % 3 - 1", "(a, b) => Math.sign(a - b) || 1",
)  # fmt: skip
ITEMS = st.lists(st.integers(-40, 40).map(str) | st.just("undefined"), max_size=40) | st.integers(
    0, 400
).flatmap(
    lambda size: st.sampled_from([3, 11, 64, 1009]).map(
        lambda step: [str(n * step * step % (size + 1)) for n in range(size)]
    )
)
METHODS = st.sampled_from(["sort", "toSorted"])
SORTS = st.builds(
    lambda items, compare, method: (
        f"(() => {{ let n = 7, calls = 0; const f = {compare}; const r = [{','.join(items)}]"
        f".{method}((a, b) => {{ calls = (calls * 31 + a * 7 + b) % 1000003; return f(a, b); }}); "
        "return [r, calls]; })()"
    ),
    ITEMS,
    st.sampled_from(COMPARATORS),
    METHODS,
)
# A power of two may have a digit more here than the shortest text that reads as it.
ANY = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda x: abs(math.frexp(x)[0]) != 0.5
)
NUMBER = st.one_of(
    ANY.map(repr),
    ANY.filter(lambda x: abs(x) <= 20).map(repr),
    st.integers(-(10**6), 10**6).map(lambda n: repr(n / 100)),
    st.integers(-(2**60), 2**60).map(str),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "-0", "0", "1e21", "1e-7", "5e-324"]),
)
UNARY = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cbrt",
    "clz32",
    "cosh",
    "expm1",
    "floor",
    "fround",
    "log",
    "log10",
    "log1p",
    "log2",
    "round",
    "sign",
    "sinh",
    "sqrt",
    "tanh",
    "trunc",
]
NUMBERS = st.one_of(
    NUMBER.map(lambda n: f"String({n})"),
    st.builds(lambda n, d: f"({n}).toFixed({d})", NUMBER, st.integers(0, 20)),
    st.builds(lambda n, d: f"({n}).toPrecision({d})", NUMBER, st.integers(1, 21)),
    st.builds(lambda n, d: f"({n}).toExponential({d})", NUMBER, st.integers(0, 20)),
    st.builds(lambda n, f: f"Math.{f}({n})", NUMBER, st.sampled_from(UNARY)),
    st.builds(lambda a, b: f"[Math.atan2({a}, {b}), Math.hypot({a}, {b}), {a} % {b}]", NUMBER, NUMBER),
    st.builds(
        lambda n, r: f"({n!r}).toString({r})",
        st.integers(-(2**53), 2**53) | st.floats(-1e6, 1e6) | st.floats(-(2.0**53), 2.0**53),
        st.integers(2, 36),
    ),
    st.text("0123456789.eE+-xb_ n", max_size=8).map(
        lambda t: f"[{json.dumps(t)}].flatMap(t => [Number(t), parseFloat(t), parseInt(t)])"
    ),
    st.builds(lambda a, b: f"[{a} << {b}, {a} >>> {b}, {a} | {b}, {a} ^ 5]", NUMBER, NUMBER),
)  # fmt: skip
TWO = st.integers(0, 61).map(lambda n: f"{n:02}")
# V8 takes a year before 13 for a month where the rest is no date.
STAMPS = st.builds(
    lambda y, mo, d, h, mi, s, form: form.format(y=y, mo=mo, d=d, h=h, mi=mi, s=s),
    st.integers(13, 9999).map(lambda n: f"{n:04}"), TWO, TWO, TWO, TWO, TWO,
    st.sampled_from([
        "{y}-{mo}-{d}", "{y}-{mo}-{d}T{h}:{mi}:{s}Z", "{y}-{mo}-{d}T{h}:{mi}:{s}.123+08:00", "{y}-{mo}",
        "{y}-{mo}-{d}T{h}:{mi}Z",
    ]),
)  # fmt: skip
DATES = st.one_of(
    STAMPS.map(lambda t: f"[Date.parse('{t}'), JSON.stringify(new Date('{t}'))]"),
    st.builds(
        lambda ms, n, unit: (
            f"(d => {{ d.setUTC{unit}({n}); return [d.getTime(), d.toUTCString(), d.getUTCDay()]; }})"
            f"(new Date({ms}))"
        ),
        st.integers(-(10**14), 10**14),
        st.integers(-500, 500),
        st.sampled_from(["Date", "Month", "FullYear", "Hours", "Minutes", "Seconds"]),
    ),
    st.lists(st.integers(-20, 2100), min_size=2, max_size=7).map(
        lambda parts: f"Date.UTC({', '.join(map(str, parts))})"
    ),
)
PIECES = (
    "a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\s", r"\b", "^", "$", "(a|b)", "(?:ab)", "(?=b)", "(?!b)",
    "(?<=a)", "(?<!a)", r"\1", "(?<名>a)", r"\k<名>", "张", "[\\u4e00-\\u9fa5]", "a*", "b+?", "a{1,2}", "(a)?",
    "\\\\p{Script=Han}", "|", "[0-9-]", r"\.", "(b+)", "x{0}", "(?:a|b)*?",
)  # fmt: skip
SUBJECT = st.text("ab1 张三.-\n😀", max_size=14)
# QuickJS-NG takes a name of a group twice, which is an error elsewhere: reference/scripts tells it.
PATTERNS = (
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6)
    .map("".join)
    .filter(lambda one: one.count("(?<名>") < 2)
)
# V8 finds nothing between the halves of an emoji, which is no place of a text by code points.
REGEXES = st.builds(
    lambda pattern, flags, text, use: use.format(
        r=f"new RegExp({json.dumps(pattern)}, '{flags}')", t=json.dumps(text)
    ),
    PATTERNS,
    st.sampled_from(["", "g", "i", "m", "u", "gu", "s", "y", "gy", "gi", "v"]),
    SUBJECT,
    st.sampled_from([
        "{t}.match({r})", "{t}.replace({r}, '<$&|$1>')", "{t}.split({r})", "{t}.search({r})", "{r}.test({t})",
        "[...{t}.matchAll({r})]", "(m => m && [m.index, ...m])({r}.exec({t}))",
    ]),
).filter(lambda one: not ("(?<!" in one and ("u')" in one or "v')" in one)))  # fmt: skip
CHINESE = st.text("ab A1１Ａ张三　，。é\u0301ß😀\ud83d\n", max_size=12)
SMALL = st.integers(-4, 14)
STRINGS = st.builds(
    lambda text, other, a, b, use: use.format(t=json.dumps(text), o=json.dumps(other), a=a, b=b),
    CHINESE,
    CHINESE,
    SMALL,
    SMALL,
    st.sampled_from([
        "{t}.slice({a}, {b})", "{t}.substring({a}, {b})", "{t}.substr({a}, {b})", "{t}.padStart({b}, {o})",
        "{t}.indexOf({o}, {a})", "{t}.lastIndexOf({o}, {a})", "{t}.split({o})", "{t}.replace({o}, '[$&$$]')",
        "{t}.replaceAll({o}, '$`')", "{t}.at({a})", "{t}.codePointAt({b})", "{t}.trim()", "{t}.toUpperCase()",
        "{t}.normalize('NFKC')", "[...{t}].length", "{t}.isWellFormed()", "{t} < {o}", "{t}.concat({o}).length",
        "encodeURIComponent({t})", "escape({t})", "{t}.startsWith({o}, {a})", "JSON.stringify({t})",
        "{t}.charAt({a})", "[{t}, {o}].sort()", "{t}.toLowerCase()", "Object.assign({{}}, {t})",
    ]),
)  # fmt: skip
OPERAND = NUMBER | st.sampled_from(["'1.5'", "null", "undefined", "{valueOf: () => 1.1}"])
POWERS = st.builds("Math.pow({}, {})".format, OPERAND, OPERAND)
# What people write, broken by what may stand in, before or behind it; NUL is an end to V8.
DATE_PIECES = st.sampled_from([
    "2026", "26", "1", "01", "12", "13", "31", "32", "0", "00", "49", "50", "100", "000001", "+002026", "-000001",
    "-000000", "20260131", "1234567890", "0005", "-", "/", ":", ".", ",", "T", "t", "Z", "z", " ", "\u3000", "\u00a0",
    "\t", "\n", "\0", "(", ")", "(周六)", "((a)b", "AM", "pm", "Jan", "january", "Sept", "marx", "GMT", "UTC", "UT",
    "EST", "CST", "+", "+8", "+08", "+0800", "+08:00", "-0530", "GMT+8", "年", "月", "日", "日期：", "日期:", "星期六",
    "下午", "10:05", "10:05:09.5", "10:05:09.123456789012", "24:00", "23:59:60", "+08:0", "+012345678908:00", "[", "_", "é", "😀",
])  # fmt: skip
DAY_TEXTS = st.sampled_from([
    "2026-01-31", "2026/1/31", "2026-1-3", "31 Jan 2026", "Jan 31, 2026", "2026-01", "2026", "1/31/26", "+012026-01-31",
    "2026.1.31", "20260131", "0012-05-06", "1-31", "",
])  # fmt: skip
TIME_TEXTS = st.sampled_from([
    "", " 10:05", " 10:05:09", "T10:05:09", "T10:05:09.123", " 10:05:09.1", " 3:05 PM", "T10:05Z", " 10:05+08:00",
])  # fmt: skip


def insert(text: str, pieces: Sequence[tuple[float, str]]) -> str:
    for where, piece in pieces:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + (not piece) :]
    return text


DATE_TEXTS = st.builds(
    lambda day, time, pieces: f"Date.parse({json.dumps(insert(day + time, pieces))})",
    DAY_TEXTS, TIME_TEXTS, st.lists(st.tuples(st.floats(0, 1), DATE_PIECES | st.just("")), max_size=4),
)  # fmt: skip
KINDS = {
    "comparators": SORTS,
    "dates": DATES,
    "texts of dates": DATE_TEXTS,
    "numbers": NUMBERS,
    "powers": POWERS,
    "regexes": REGEXES,
    "strings": STRINGS,
}
BY_NODE = frozenset({"comparators", "powers", "texts of dates"})
"""Kinds where newer versions of V8 do otherwise than the pinned Node, or where the zone matters."""
