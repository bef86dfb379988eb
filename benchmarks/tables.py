"""The tables of the documentation, made of what trials found: no cell is typed.

`compare` and `numbers` return Markdown in Chinese or English. A tool that was not there is left
out; a trial that a tool has no door for is a dash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

Lang = Literal["en", "zh"]
Found = Mapping[str, Any]
RESULTS = Path(__file__).with_name("results") / "peers.json"
_NONE = "–"


def results() -> Found:
    """Return what the last run kept."""
    found: Found = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def compare(lang: Lang, found: Found | None = None) -> str:
    """Return the table of what each tool does when something is wrong."""
    return _table(lang, found or results(), _COMPARED)


def numbers(lang: Lang, found: Found | None = None) -> str:
    """Return the table of what each tool costs."""
    return _table(lang, found or results(), _MEASURED)


def mark(name: str) -> str:
    """Return the comment above the table *name* of a page; `END` is below it."""
    return f"<!-- peers: {name} -->"


END = "<!-- end -->"
TABLES: Mapping[str, Callable[[Lang], str]] = {"compare": compare, "numbers": numbers}


def placed(page: str, lang: Lang) -> str:
    """Return *page* with the tables that it has marked made anew."""
    for name, table in TABLES.items():
        before, found, after = page.partition(mark(name))
        if found:
            page = f"{before}{found}\n{table(lang)}{END}{after.partition(END)[2]}"
    return page


def _table(lang: Lang, found: Found, rows: tuple[_Row, ...]) -> str:
    tools = list(found["trials"])
    tools.sort(
        key=lambda tool: (
            tool != "bpmax_sim",
            list(found["peers"]).index(tool) if tool in found["peers"] else 0,
        )
    )
    lines = [
        f"| {' | '.join(['', *(_head(tool, found) for tool in tools)])} |".replace("|  |", "| |")
    ]
    lines.append("|" + " --- |" * (len(tools) + 1))
    for names, trial, cell in rows:
        cells = []
        for tool in tools:
            result = found["trials"][tool].get(trial)
            cells.append(_NONE if result is None else _cell(cell, result, lang))
        lines.append(f"| {names[lang]} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", _told(lang, found)]) + "\n"


def _head(tool: str, found: Found) -> str:
    peer = found["peers"].get(tool)
    return f"{tool} {peer['version']}" if peer else tool


def _told(lang: Lang, found: Found) -> str:
    machine = found["machine"]
    missing = ", ".join(found["missing"])
    if lang == "en":
        told = (
            f"From trials that ran on {found['date']}: CPython {machine['python']}, "
            f"{machine['system']}, {machine['processors']} processors; each tool as it comes. "
            "`python -m benchmarks.peers --write` runs them again."
        )
        return told + (f" Not installed and so left out: {missing}." if missing else "")
    told = (
        f"来自 {found['date']} 实际跑过的试验：CPython {machine['python']}，{machine['system']}，"
        f"{machine['processors']} 个处理器；各工具都用默认设置。"
        "`python -m benchmarks.peers --write` 重新跑一遍。"
    )
    return told + (f"装不上、因而没有列出：{missing}。" if missing else "")


def _cell(cell: Callable[[Any, Lang], str], result: Any, lang: Lang) -> str:
    if isinstance(result, Mapping) and (why := result.get("failed") or result.get("unfit")):
        return {"en": f"failed: {why}", "zh": f"失败：{why}"}[lang]
    return cell(result, lang)


def _clients(result: Any, lang: Lang) -> str:
    return ", ".join(result) if lang == "en" else "、".join(result)


def _left(result: Any, lang: Lang) -> str:
    if "refused" in result:
        return {"en": "refuses to write", "zh": "拒绝写入"}[lang]
    return f"{len(result['left'])} / 6"


def _red(result: Any, lang: Lang) -> str:
    words = {"en": ("silent", "red"), "zh": ("不作声", "判红")}
    return words[lang][bool(result["raised"])]


def _miss(result: Any, lang: Lang) -> str:
    words = {
        "en": ("", "names the nearest", "prints the secret"),
        "zh": ("", "指出最接近的", "会打印密钥"),
    }[lang]
    told = [words[1]] if result["names nearest"] else []
    told += [words[2]] if result["leaks"] else []
    if not result["raised"]:
        return _red(result, lang)
    return ({"en": ", ", "zh": "，"}[lang].join(told)) or {"en": "red", "zh": "判红"}[lang]


def _kept(result: Any, _lang: Lang) -> str:
    return f"{result['kept']} / {result['killed after']}"


def _cut(result: Any, _lang: Lang) -> str:
    return f"{result['silent']} / {result['cuts']}"


def _times(size: str) -> Callable[[Any, Lang], str]:
    def cell(result: Any, lang: Lang) -> str:
        value = result.get(size)
        if value is None:
            return {"en": "fails", "zh": "失败"}[lang]
        return f"{value:.3g} ×"

    return cell


def _opening(result: Any, _lang: Lang) -> str:
    return f"{result['ms']:.3g} ms"


def _recording(result: Any, _lang: Lang) -> str:
    return f"{result['call, ms']:.2g} + {result['closing, ms']:.2g} ms"


_Row = tuple[Mapping[str, str], str, Callable[[Any, Lang], str]]
_COMPARED: tuple[_Row, ...] = (
    (
        {"en": "clients whose calls it records and replays", "zh": "能录制和回放的客户端"},
        "clients", _clients,
    ),
    (
        {"en": "of six secrets left in the file", "zh": "六处敏感信息里留在文件中的"},
        "redaction", _left,
    ),
    ({"en": "a body that has changed", "zh": "请求体变了"}, "changed_body", _red),
    ({"en": "a recording that is not played", "zh": "录了没回放"}, "unplayed", _red),
    ({"en": "a call more than was recorded", "zh": "比录制多一次调用"}, "extra", _red),
    (
        {"en": "a miss, with an access token in the query", "zh": "未命中，查询里有访问令牌"},
        "miss", _miss,
    ),
    (
        {"en": "left of 25 recorded exchanges after kill -9", "zh": "kill -9 后 25 条录制剩下"},
        "kill", _kept,
    ),
    (
        {"en": "of 100 cut files played without a word", "zh": "100 个截断的文件里不作声就回放的"},
        "cut", _cut,
    ),
)  # fmt: skip
_MEASURED: tuple[_Row, ...] = (
    *(
        (
            {
                "en": f"replay of a call, {size:,} exchanges, times a plain call of httpx",
                "zh": f"回放一次调用，{size:,} 条记录，与 httpx 空调用之比",
            },
            "replay",
            _times(str(size)),
        )
        for size in (100, 1_000, 10_000)
    ),
    (
        {
            "en": "open the tool's own file of 10,000 exchanges and read each",
            "zh": "打开各自的 10,000 条录制并逐条读出",
        },
        "opening",
        _opening,
    ),
    (
        {
            "en": "a call while it is recorded, and closing, for each of 200 (medians)",
            "zh": "录制时的一次调用，加上收尾，200 次的中位数",
        },
        "recording",
        _recording,
    ),
)
