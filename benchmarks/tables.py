"""The tables of the documentation, made of what trials and benchmarks found: no cell is typed.

`compare`, `numbers` and `goals` return Markdown in Chinese or English. A tool that was not there
is left out; a trial that a tool has no door for is a dash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

Lang = Literal["en", "zh"]
Found = Mapping[str, Any]
RESULTS = Path(__file__).with_name("results") / "peers.json"
OWN = RESULTS.with_name("own.json")
DOCS = Path(__file__).parents[1] / "docs"
_NONE = "–"


def results() -> Found:
    """Return what the last run kept."""
    found: Found = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def compare(lang: Lang, found: Found | None = None) -> str:
    """Return the table of what each tool does when something is wrong."""
    return _table(lang, found or results(), _COMPARED, _DECLARES[lang])


def numbers(lang: Lang, found: Found | None = None) -> str:
    """Return the table of what each tool costs."""
    return _table(lang, found or results(), _MEASURED, _COSTS[lang])


def goals(lang: Lang, found: Found | None = None) -> str:
    """Return the table of our own figures, each with the goal that it was set."""
    found = found or json.loads(OWN.read_text(encoding="utf-8"))
    head = {"en": ("what", "measured", "goal"), "zh": ("项目", "实测", "目标")}[lang]
    lines = [f"| {' | '.join(head)} |", "| --- | --- | --- |"]
    for figures in found["figures"].values():
        for what, figure in figures.items():
            if "goal" in figure:
                value = _three(figure["value"] / figure.get("slowdown", 1))
                shown = value if figure["met"] else f"**{value}**"
                lines.append(
                    f"| {what if lang == 'en' else OWN_NAMES[what]} | {shown} | {figure['goal']} |"
                )
    load = _NONE if found["load"] is None else found["load"]
    told = {
        "en": "What misses its goal is in bold. From a run of {date}: CPython {python}, "
        "{system}, "
        "{processors} processors, load {load} before. Times are those of a machine of the "
        "reference speed (`benchmarks/machine.py`). `python -m benchmarks --write` measures anew.",
        "zh": "没有达到目标的用粗体。来自 {date} 的一次运行：CPython {python}，{system}，"
        "{processors} 个处理器，开始前负载 {load}。时间按基准速度折算（`benchmarks/machine.py`）。"
        "`python -m benchmarks --write` 重新测量。",
    }[lang].format_map({**found, "load": load})
    return "\n".join([*lines, "", told])


def keep(found: Found) -> None:
    """Keep what benchmarks found, beside what others found before, and make the pages anew."""
    before = json.loads(OWN.read_text(encoding="utf-8")) if OWN.exists() else {"figures": {}}
    kept = {**found, "figures": {**before["figures"], **found["figures"]}}
    OWN.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    write()


def mark(name: str) -> str:
    """Return the comment above the table *name* of a page; `END` is below it."""
    return f"<!-- table: peers_{name} -->"


END = "<!-- end -->"
TABLES: Mapping[str, Callable[[Lang], str]] = {
    "compare": compare,
    "numbers": numbers,
    "goals": goals,
}


def placed(page: str, lang: Lang) -> str:
    """Return *page* with the tables that it has marked made anew."""
    for name, table in TABLES.items():
        before, found, after = page.partition(mark(name))
        if found:
            page = f"{before}{found}\n{table(lang)}\n{END}{after.partition(END)[2]}"
    return page


def write() -> None:
    """Make the tables of every page anew."""
    langs: tuple[Lang, ...] = ("en", "zh")
    for lang in langs:
        for path in sorted((DOCS / lang).rglob("*.md")):
            page = path.read_text(encoding="utf-8")
            if (made := placed(page, lang)) != page:
                path.write_text(made, encoding="utf-8", newline="\n")


def _table(lang: Lang, found: Found, rows: tuple[_Row, ...], about: str) -> str:
    tools = list(found["trials"])
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
    return "\n".join([*lines, "", about, "", _told(lang, found)])


def _head(tool: str, found: Found) -> str:
    peer = found["peers"].get(tool)
    return f"{tool} {peer['version']}" if peer else tool


def _told(lang: Lang, found: Found) -> str:
    machine = found["machine"]
    load = machine["load"]["before"]
    missing = ", ".join(found["missing"])
    if lang == "en":
        told = (
            f"From trials that ran on {found['date']}: CPython {machine['python']}, "
            f"{machine['system']}, {machine['processors']} processors, "
            f"load {_NONE if load is None else load} before. "
            "`python -m benchmarks.peers --write` runs them again."
        )
        return told + (f" Not installed and so left out: {missing}." if missing else "")
    told = (
        f"来自 {found['date']} 实际跑过的试验：CPython {machine['python']}，{machine['system']}，"
        f"{machine['processors']} 个处理器，开始前负载 {_NONE if load is None else load}。"
        "`python -m benchmarks.peers --write` 重新跑一遍。"
    )
    return told + (f"装不上、因而没有列出：{missing}。" if missing else "")


def _cell(cell: Callable[[Any, Lang], str], result: Any, lang: Lang) -> str:
    if isinstance(result, Mapping) and "late" in result:
        late = result["late"]
        return {"en": f"not done within {late} s", "zh": f"{late} 秒内没完成"}[lang]
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
    words = {"en": ("silent", "red"), "zh": ("没有报错", "报错")}
    return words[lang][bool(result["raised"])]


def _miss(result: Any, lang: Lang) -> str:
    if not result["raised"]:
        return _red(result, lang)
    words = {
        "en": ("red", "names the nearest", "names all", "prints the secret"),
        "zh": ("报错", "指出最接近的", "列出全部", "会打印密钥"),
    }[lang]
    told = [words[0]]
    told += [words[2] if result["far"] else words[1]] if result["near"] else []
    told += [words[3]] if result["leaks"] else []
    return {"en": ", ", "zh": "，"}[lang].join(told)


def _kept(result: Any, _lang: Lang) -> str:
    return f"{result['kept']} / {result['killed after']}"


def _cut(result: Any, lang: Lang) -> str:
    told = f"{result['silent']} / {result['cuts']}"
    part = {"en": f"; in part {result['part']}", "zh": f"；回放了一部分 {result['part']}"}[lang]
    return told + (part if result["part"] else "")


def _times(result: Any, lang: Lang) -> str:
    count = f"{result['calls']:g}"
    calls = {"en": f" ({count} calls)", "zh": f"（{count} 次）"}[lang]
    return f"{_three(result['times'])}{_spread(result)} ×" + calls


def _spread(result: Any) -> str:
    """Return the lowest and the highest of several rounds, if there were several."""
    if "spread" not in result:
        return ""
    least, most = map(_three, result["spread"])
    return f" [{least}–{most}]"


def _three(value: float) -> str:
    """Return three digits, and no power of ten."""
    return f"{value:.3g}" if value < 1_000 else f"{round(value, -1):,.0f}"


def _opening(result: Any, _lang: Lang) -> str:
    return f"{_three(result['ms'])}{_spread(result)} ms"


def _recording(result: Any, _lang: Lang) -> str:
    return f"{result['call, ms']:.2g}{_spread(result)} + {result['closing, ms']:.2g} ms"


_Row = tuple[Mapping[str, str], str, Callable[[Any, Lang], str]]
_COMPARED: tuple[_Row, ...] = (
    (
        {"en": "clients whose calls it records and replays", "zh": "能录制和回放的客户端"},
        "clients", _clients,
    ),
    (
        {
            "en": "of six secrets left in the file, nothing declared",
            "zh": "六处敏感信息，留在文件中的有几处，什么都不声明",
        },
        "redaction", _left,
    ),
    (
        {"en": "the same, each declared", "zh": "同上，都已声明"},
        "redaction_declared", _left,
    ),
    ({"en": "a body that has changed", "zh": "请求体变了"}, "changed_body", _red),
    ({"en": "a recording that is not played", "zh": "录了没回放"}, "unplayed", _red),
    ({"en": "a call more than was recorded", "zh": "比录制多一次调用"}, "extra", _red),
    (
        {
            "en": "a miss, with an access token in the query, nothing declared",
            "zh": "未命中，查询里有访问令牌，什么都不声明",
        },
        "miss", _miss,
    ),
    ({"en": "the same, each declared", "zh": "同上，都已声明"}, "miss_declared", _miss),
    (
        {"en": "left of 25 recorded exchanges after kill -9", "zh": "kill -9 后 25 条录制剩下"},
        "kill", _kept,
    ),
    (
        {
            "en": "of 100 cut files, all 20 calls played without a word",
            "zh": "100 个截断的文件里，20 次调用全部回放而没有报错的",
        },
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
            f"replay_{size}",
            _times,
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
            "en": "a call while it is recorded, median of 200, and its share of closing",
            "zh": "录制时的一次调用，200 次的中位数，加上摊到的收尾",
        },
        "recording",
        _recording,
    ),
)
_DECLARES: Mapping[Lang, str] = {
    "en": (
        "Each tool as it comes, except where secrets are declared as its documentation says: "
        "bpmax_sim by its platform file, with the place of each credential and of the token in "
        "the answer; vcrpy and pytest-recording by `filter_headers`, `filter_query_parameters` "
        "and `filter_post_data_parameters`, and vcrpy by `filter_sensitive_data` for the token "
        "in the answer; cassetter by `filter_headers` for the one header that its own lists do "
        "not hold; betamax by the values themselves as `placeholders`, and a `before_record` "
        "hook for the token in the answer. After kill -9 bpmax_sim alone has a command to run, "
        "`recover`, and it was run. Whoever asks for each call of a cut file sees that calls are "
        "missing; in part counts the files of which calls were played before that."
    ),
    "zh": (
        "各工具都用默认设置；标明已声明的，按各自文档声明敏感信息：bpmax_sim 用平台文件，"
        "写明每个凭证的位置和响应里令牌的位置；vcrpy 和 pytest-recording 用 `filter_headers`、"
        "`filter_query_parameters` 和 `filter_post_data_parameters`，vcrpy 另用 "
        "`filter_sensitive_data` 处理响应里的令牌；cassetter 用 `filter_headers` "
        "补上内置清单里没有的那个请求头；betamax 用 `placeholders` 直接写值，另用 "
        "`before_record` 钩子处理响应里的令牌。kill -9 之后只有 bpmax_sim 有可运行的命令 "
        "`recover`，已运行。对截断的文件把每次调用都要一遍，就会发现缺了；"
        "“回放了一部分”是在那之前已回放过若干次调用的文件数。"
    ),
}
OWN_NAMES: Mapping[str, str] = {
    "functions that get a $query value, record": "录制时经手 $query 的一个值的函数",
    "functions that get a $query value, replay": "回放时经手 $query 的一个值的函数",
    "functions that get a credential, record": "录制时经手一个凭证的函数",
    "functions that get a scenario value, run": "运行时经手场景里一个值的函数",
    "frames above the transport, record": "录制时，从调用到发送的调用栈层数",
    "frames above the transport, replay": "回放时，从调用到响应的调用栈层数",
    "build and authorise, times the floor": "构造并鉴权一次调用，与基准之比",
    "replay of one call, first time, times vcrpy": "首次回放一次调用，与 vcrpy 之比",
    "replay of one call, again, times vcrpy": "再次回放（已解析过），与 vcrpy 之比",
    "first replay through a client of one's own, times vcrpy": (
        "经 httpx 客户端首次回放，与 vcrpy 之比"
    ),
    "replay through a client of one's own, times vcrpy": "经 httpx 客户端再次回放，与 vcrpy 之比",
    "a session with one call, times vcrpy": "只有一次调用的会话，与 vcrpy 之比",
    "a session with a login and one call, times vcrpy": (
        "同上，带录下的登录，与 vcrpy（只回放调用）之比"
    ),
    "growth of a call, 100 to 10000, in order": "100 条到 10000 条，每次调用变慢的倍数，按序",
    "growth of a call, 100 to 10000, shuffled": "100 条到 10000 条，同上，乱序",
    "what recording adds to a call, times a bare durable append": (
        "录制给一次调用增加的时间，含敏感信息扫描，与裸追加加 fdatasync 之比"
    ),
    "what recording 67 kB of JSON adds to a call, times vcrpy's saving": (
        "同上，响应是 67 kB 的 JSON，与 vcrpy 保存它之比"
    ),
    "open, times reading and digesting the file": "打开一万条录制，与读文件并计算其摘要之比",
    "merge 10000, s": "三方合并 10000 条录制，秒",
    "take, urls, growth 100 to 10000": "只算查找和解析，按 URL，100 条到 10000 条，按序",
    "take, urls, growth, shuffled": "同上，乱序",
    "take, bodies, growth 100 to 10000": "只算查找和解析，按请求体，100 条到 10000 条，按序",
    "take, bodies, growth, shuffled": "同上，乱序",
    "take, repeated, growth 100 to 10000": "只算查找和解析，重复的调用，100 条到 10000 条，按序",
    "take, repeated, growth, shuffled": "同上，乱序",
    "open, times faster": "打开一万条交互，比 vcrpy 快的倍数",
    "open, peak memory, MB": "同上，内存峰值，MB",
    "append, times a bare one": "一条交互落盘，不含扫描，与裸追加加 fdatasync 之比",
    "append, growth": "同上，随条数变慢的倍数",
    "close, times vcrpy": "关闭一万条的录制，与 vcrpy 之比",
    "different digests": "不同进程、时区、哈希种子下，追踪摘要有几种",
    "a scenario in its own file, times vcrpy": (
        "pytest 跑一个单独成文件的场景，与用 vcrpy 回放其调用的 Python 测试之比"
    ),
    "a scenario under pytest, times an empty test and 1.2 runs": (
        "pytest 跑一个场景，与空测试加 1.2 倍 bpmax-sim run 之比"
    ),
    "a row of a table, times vcrpy": "pytest 跑数据表的一行，与同上的 Python 测试之比",
    "collecting scenario files again, times as many empty tests": (
        "再次收集场景文件，与同样多的空 Python 测试文件之比"
    ),
    "listing a scenario file again, ms": "再次列出一个场景文件，ms",
    "collecting a scenario file, times the raw parse": "收集一个场景文件，与只用 PyYAML 解析之比",
    "2,000 contexts: growth, MB": "先后 2,000 个 JavaScript 上下文，内存增长，MB",
    "a platform file, cold, ms": "首次加载一个平台文件，ms",
    "20 platform files, cached, times asking the disk": (
        "再次加载 20 个平台文件，与逐个查询文件状态之比"
    ),
    "a fresh context with the prelude, ms": "创建一个齐备的 JavaScript 上下文，ms",
    "one call in a script, times the same in Python": "脚本里的一次调用，与在 Python 里之比",
    "ten minutes of back-off, ms": "十分钟的退避等待，ms",
    "one scenario, three replayed calls, times vcrpy": (
        "一个场景：表单、三次调用、核对，与 vcrpy 回放三次调用之比"
    ),
    "one scenario, one stubbed call, reading included, times vcrpy": (
        "一个场景，打桩一次调用，含读文件，与 vcrpy 回放一次调用之比"
    ),
    "mutants of the script": "脚本的变异数",
    "a mutant, times a replay": "challenge 试一个变异，与回放一次之比",
    "a mutant, ms": "同上，三次回放调用的表单，ms",
    "a variant that explore tries, ms": "explore 试一种故障，含基准运行，ms",
    "a variant that explore tries, times a replay": "explore 试一种故障，与回放一次之比",
    "1,000 variants, two workers, start included, s": "1,000 种故障，两个进程，含启动，s",
    "1,000 mutants, two workers, start included, s": "1,000 个错误，两个进程，含启动，s",
    "300 mutants: growth, MB": "300 个变异，内存增长，MB",
    "a SigV4 signature, times botocore": "SigV4 签名一个请求，与 botocore 之比",
    "pytest with the plugin unused, in calls, times pytest alone": (
        "装了插件但不用，pytest 启动的函数调用数，与不装之比"
    ),
}
_COSTS: Mapping[Lang, str] = {
    "en": (
        "Calls are spread evenly over the file, as many as five seconds allow, at most 300, in up "
        "to five rounds: their median, in brackets the lowest and the highest. Files "
        "hold one recorded exchange many times, under different addresses. bpmax_sim records "
        "with every secret declared, the others with nothing declared."
    ),
    "zh": (
        "调用均匀取自整个文件，五秒内能做多少做多少，最多 300 次；最多测五轮，取中位数，"
        "方括号里是最低和最高。文件由同一条录制复制而成，"
        "地址各不相同。录制时 bpmax_sim 声明了全部敏感信息，其他工具什么都没声明。"
    ),
}
