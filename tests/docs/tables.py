"""The pages' tables, printed from what they tell of, and the output of the commands in them.

``python -m tests.docs`` writes all pages anew. English texts come from the code; their Chinese
comes from the code too where it has both, else from ``zh.yaml``.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from benchmarks import tables as peers
from bpmax_sim import pytest_plugin
from bpmax_sim.challenge.mutants import KINDS as MISTAKES
from bpmax_sim.cli.app import COMMANDS
from bpmax_sim.cli.help_text import localise_full_stops
from bpmax_sim.cli.output_schema import SHAPES
from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.search import ABOUT, SCRIPT
from bpmax_sim.i18n import TranslatableText, msg, translate
from bpmax_sim.live.calibration_file import read_rule_marks
from bpmax_sim.live.rules import RULES
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Api, Instance, Model, Platform
from bpmax_sim.platform.presets import load_preset, list_preset_names
from bpmax_sim.project import SETTINGS
from bpmax_sim.pytest_plugin import fixtures
from bpmax_sim.pytest_plugin.options import OPTIONS, to_flag
from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.expect import OPERATORS
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import (
    Step,
)
from bpmax_sim.scenario.model import list_file_keys as fields_of
from bpmax_sim.secret.decode import NOT_SEARCHED, SEARCHED
from bpmax_sim.session.options import Option, format_option_help
from bpmax_sim.subject.hooks import HOOKS
from bpmax_sim.yamlfile import Node
from tests.docs import api, cli, facts, figures, glossary, models
from tests.docs.pages import LANGUAGES, ROOT, Language, every, texts
from tests.docs.tour import tour, with_outputs
from tests.script.v8_parity.test_corpus import DIFFERENT

CHINESE: Mapping[str, str] = {
    english: chinese
    for name in ("zh.yaml", "api.zh.yaml")
    for english, chinese in yaml.safe_load(
        Path(__file__).with_name(name).read_text(encoding="utf-8")
    ).items()
}


class UntranslatedError(Exception):
    """A text of a table that has no Chinese."""


class Words:
    """One language: what a text of the code is in it."""

    def __init__(self, language: Language) -> None:
        """Speak *language*, ``en`` or ``zh``; collect what has no translation."""
        self.language = language
        self.missing: list[str] = []
        self.used: set[str] = set()

    def __call__(self, text: str) -> str:
        """Return *text* in this language; a message is in the catalogue of messages."""
        if isinstance(text, TranslatableText):
            return translate(text, self.language)
        if self.language == "en" or not re.search(r"[A-Za-z]{2}", re.sub(r"`[^`]*`", "", text)):
            return text
        self.used.add(text)
        if text not in CHINESE:
            self.missing.append(text)
        return CHINESE.get(text, text)

    def hover(self, model: str, key: str) -> str:
        """Return what an editor shows of a key."""
        return models.HOVERS[model][key][self.language == "zh"]

    def table(self, head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
        """Return a table; its head is translated, its rows are already."""
        titles = tuple(map(self, head))
        return "\n".join(map(row, [titles, ["---"] * len(titles), *rows]))


def collapse(title: str, text: str) -> str:
    """Return Markdown that shows *text* when its title is opened."""
    return f'<details markdown="block">\n<summary>{title}</summary>\n\n{text}\n\n</details>'


_ESCAPES = {"|": "&#124;", "<": "&lt;", "&": "&amp;"}
_MARKUP = re.compile(r"(`[^`]*`|<!--.*?-->)|\||<(?=\w)|&(?=#)")


def row(cells: Iterable[str]) -> str:
    """Return a row of a table; within code nothing needs an escape, and would show it."""
    escaped = (_MARKUP.sub(lambda found: found[1] or _ESCAPES[found[0]], cell) for cell in cells)
    return f"| {' | '.join(escaped)} |"


def spelled(option: Option) -> str:
    value = " ".join(option.choices) or option.metavar
    flag = to_flag(option.name)
    return flag if option.kind == "switch" else f"{flag}={value}"


def options(words: Words) -> str:
    rows = [(f"`{spelled(one)}`", words(format_option_help(one, to_flag))) for one in OPTIONS.values()]
    return words.table(("option", "meaning"), rows)


def settings(words: Words) -> str:
    rows = [
        (f"`{name}`", f"`{default}`" if default else "", words(msg(meaning)))
        for name, (default, meaning) in SETTINGS.items()
    ]
    return words.table(("key", "default", "meaning"), rows)


def named_fixtures(words: Words) -> str:
    found = {name: getattr(fixtures, name) for name in dir(fixtures) if name.startswith("bpmax_")}
    told = {name: (one.__doc__ or "").partition("\n")[0] for name, one in found.items()}
    rows = [(f"`{name}`", words(text)) for name, text in told.items()]
    return words.table(("fixture", "what it is"), rows)


def markers(words: Words) -> str:
    told = [words(marker).split(": ", 1) for marker in pytest_plugin.MARKERS]
    rows = [(f"`{name}`", text) for name, text in told]
    return words.table(("marker", "meaning"), rows)


def commands(words: Words) -> str:
    """Return every command: what it does, and its options but ``--json``."""
    every = {name: [told for told, _ in cli.options(name) if told != "--json"] for name in COMMANDS}
    rows = []
    for name, one in COMMANDS.items():
        listed = [f"`{told}`" for told in every[name]]
        if name == "record":
            own = [f"`{told}`" for told in every[name] if told not in every["run"]]
            listed = [words("most of `run`"), *own]
        rows.append((f"`{name}`", words(one.about), ", ".join(listed)))
    return words.table(("command", "what it does", "options"), rows)


def printed(_words: Words) -> str:
    """Return the commands that print an object."""
    return ", ".join(f"`{name}`" for name in SHAPES)


def keys(words: Words) -> str:
    models: dict[str, type[Model]] = {"Platform": Platform, "Instance": Instance, "Api": Api}
    found = {name: set(fields_of(model)) for name, model in models.items()}
    every = dict.fromkeys(key for model in models.values() for key in fields_of(model))
    rows = []
    for key in every:
        places = [name for name, known in found.items() if key in known]
        # No file sets the first two; those of an instance alone are on its own page.
        if key not in {"key", "spellings"} and places != ["Instance"]:
            marks = ["✓" if name in places else "" for name in models]
            rows.append((f"`{key}`", *marks, words.hover(places[0], key)))
    return words.table(("key", "platform", "instance", "API", "meaning"), rows)


def step_keys(words: Words) -> str:
    """Return the keys of a step beside its action."""
    names = [key for key in fields_of(Step) if key not in ACTIONS]
    return words.table(
        ("key", "meaning"), [(f"`{key}`", words.hover("Step", key)) for key in names]
    )


SAME_KEYS = {"Fragment": "Scenario", "FormFile": "FormSpec", "SubFlowSpec": "FlowSpec"}
"""Models of which a page tells only the keys that the other has not, or has otherwise."""


MANY = 3
"""Of how many keys a column may say the same and still be shown."""


def model_keys(name: str, words: Words) -> str:
    """Return the keys of a model: what a value is, its default, its meaning."""
    rows = _model_rows(name, words)
    if name == "Policy":
        rows = [one for one in rows if one[0].strip("`") not in ACTIONS]  # as in a step
    if name in SAME_KEYS:
        shown = _own_keys(name, SAME_KEYS[name])
        rows = [one for one in rows if one[0] in shown]
    head = ("key", "value", "default", "meaning")
    same = {at for at in (1, 2) if len({one[at] for one in rows}) == 1}
    same -= {2} if any(one[2] for one in rows) else set()
    same -= {1} if len(rows) <= MANY else set()  # of ExploreSpec the page says it once
    left = [at for at in range(len(head)) if at not in same]
    return words.table([head[at] for at in left], [tuple(one[at] for at in left) for one in rows])


def _own_keys(name: str, other: str) -> set[str]:
    """Return the keys of a model that the other has not, or has otherwise in some language."""
    shown: set[str] = set()
    for language in LANGUAGES:
        words = Words(language)
        theirs = _model_rows(other, words)
        shown |= {one[0] for one in _model_rows(name, words) if one not in theirs}
    return shown


def _model_rows(name: str, words: Words) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for field in models.fields(name):
        default = words("required") if field.required else models.default(field)
        told = models.HOVERS.get(name, {}).get(field.encode_name, ("", ""))[words.language == "zh"]
        if not told:
            words.missing.append(f"hover {name}.{field.encode_name}")
        rows.append(
            (f"`{field.encode_name}`", models.kind(field.type, words.language), default, told)
        )
    return rows


def fact_table(name: str, words: Words) -> str:
    """Return a table of ``docs/facts.yaml``."""
    table = facts.tables()[name]
    head, *rows = [
        tuple(facts.text_of(cell, words.language) for cell in cells)
        for cells in (table.head, *table.rows)
    ]
    return "\n".join(map(row, [head, ["---"] * len(head), *rows]))


def proxy_rules(words: Words) -> str:
    """Return what BPMAX documents, then what is ours, with what a live BPMAX said to it."""
    documented = facts.tables()["proxy_rules"]
    marks = {
        key: mark.mark for key, mark in read_rule_marks(ROOT).items() if mark.mark != "unknown"
    }
    ours = [(words(rule.text), marks.get(key, "")) for key, rule in RULES.items()]
    head, *rows = [
        tuple(facts.text_of(cell, words.language) for cell in cells)
        for cells in (documented.head, *documented.rows, *ours)
    ]
    return "\n".join(map(row, [head, ["---"] * len(head), *rows]))


def actions(words: Words) -> str:
    rows = [(f"`{name}`", takes(words, name), words.hover("Step", name)) for name in ACTIONS]
    return words.table(("action", "takes", "meaning"), rows)


def takes(words: Words, action: str) -> str:
    kind = ACTIONS[action]
    return words(kind.takes) if kind.takes else f"`{{{', '.join(fields_of(kind))}}}`"


def operators(words: Words) -> str:
    rows = [(f"`{name}`", words.hover("Expected", name)) for name in OPERATORS]
    return words.table(("operator", "holds if the value"), rows)


def presets(words: Words) -> str:
    rows = []
    for name in list_preset_names():
        file = load_preset(name)
        rows.append(
            (
                f"`{name}`",
                words(str((file.find_child("title") or Node(name)).value)),
                ", ".join(f"`{one}`" for one in (file.find_child("credentials") or Node({})).items),
                ", ".join(f"`{key}: {flow(node)}`" for key, node in _given(file).items()),
            )
        )
    return words.table(("preset", "what it does", "credentials", "parameters, with defaults"), rows)


def _given(file: Node) -> Mapping[str, Node]:
    return (file.find_child("parameters") or Node({})).items


def flow(node: Node) -> str:
    """Return a value of a preset as one would write it."""
    text = yaml.safe_dump(plain(node), default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()


def plain(node: Node) -> Any:
    if node.items:
        return {key: plain(child) for key, child in node.items.items()}
    return [plain(child) for child in node.elements] if node.elements else node.value


def hooks(words: Words) -> str:
    rows = [
        (
            f"{words(hook.subject)} `{hook.event_spelling}`",
            ", ".join(f"`{name}`" for name in hook.gives),
            words(hook.returns or "–"),
            hook.label if hook.origin == "documented" else "",
        )
        for hook in HOOKS
    ]
    return words.table(("event", "its script sees", "what it returns", "in BPMAX"), rows)


def shown_scenario(path: Path) -> tuple[str, str]:
    link = path.relative_to(ROOT / "scenarios").as_posix().removesuffix(".scenario.yaml")
    return f"`{link}`", load_items(path, environ={})[0].scenario.scenario


def mistakes(words: Words) -> str:
    rows = [(f"`{kind}`", words(msg(mistake))) for kind, mistake in MISTAKES.items()]
    return words.table(("kind", "mistake"), rows)


def laws(words: Words) -> str:
    told = {**{name: law.about for name, law in LAWS.items()}, SCRIPT: ABOUT}
    rows = [(f"`{name}`", words(about)) for name, about in told.items()]
    return words.table(("law", "what it says"), rows)


def searched(words: Words) -> str:
    """Return the forms of a secret that are searched for."""
    return words(msg("; ")).join(map(words, SEARCHED))


def not_searched(words: Words) -> str:
    rows = [(words(form), words(how)) for form, how in NOT_SEARCHED.items()]
    return words.table(("form of a secret", "which"), rows)


SCRIPTS = {
    "async": "async loops",
    "chinese": "Chinese sorting, widths and digits",
    "classes": "classes",
    "dates": "date arithmetic",
    "dedupe": "removing duplicates, merging",
    "errors": "error chains",
    "format": "`Date.prototype.Format` and its relatives",
    "grouping": "grouping and sorting",
    "locale": "locales and time zones",
    "masks": "masks",
    "money": "money",
    "promises": "`Promise` combinators",
    "regex": "regular expressions",
    "retries": "retries",
    "tables": "tables of rows",
    "timers": "closures over timers",
}
"""Kind of a script of the corpus -> what it is called."""


def corpus(words: Words) -> str:
    """Return how many scripts of each kind do here what they do in Node; a test runs them."""
    expected = json.loads((ROOT / "tests/script/v8_parity/corpus/expected.json").read_bytes())[
        "scripts"
    ]
    equal = [name for name in expected if name not in DIFFERENT["quickjs"]]
    counts = Counter(name.partition("_")[0] for name in equal)
    rows = [(words(title), str(counts[kind])) for kind, title in SCRIPTS.items()]
    assert set(SCRIPTS) == set(counts), "each kind of script has a title"
    return words.table(
        ("kind of script", "equal to Node"), [*rows, (words("together"), str(len(equal)))]
    )


def collation(words: Words) -> str:
    """Return how many pairs of texts of each block are ordered otherwise than in Node."""
    data = ROOT / "tests/script/v8_parity/data/collation_pairs.json"
    rows = [
        (words(name), f"{drawn:,}", str(differ))
        for name, (drawn, differ) in json.loads(data.read_bytes()).items()
    ]
    return words.table(("characters", "pairs", "ordered otherwise"), rows)


def sdk_calls(words: Words) -> str:
    """Return what came of calls by vendors' SDKs, as `tests.campaigns.vendor_sdks` kept it."""
    data = ROOT / "tests/campaigns/vendor_sdk_outcomes.json"
    calls: dict[str, dict[str, None]] = {}
    for name, call, _, came in json.loads(data.read_bytes()):
        if not came.endswith("404"):  # what no rule goes by
            calls.setdefault(name, {})[f"`{call.partition(' ')[0]}`"] = None
    rows = [(name, ", ".join(told)) for name, told in calls.items()]
    return words.table(("SDK", "call"), rows)


def builtin(words: Words) -> str:
    """Return the APIs of each platform that is shipped."""
    lines = []
    for key in sorted(path.stem for path in BUILTIN.glob("*.yaml")):
        platform = load_platforms(BUILTIN / f"{key}.yaml").platform(key)
        credentials = ", ".join(f"`{name}`" for name in platform.credentials)
        lines += [f"## {key}", "", f"{platform.title} · {platform.base_url} · {credentials}", ""]
        apis = words.table(("API", "parameters", "method", "path"), map(_api, _apis(platform)))
        lines += [collapse("API", apis), ""]
    return "\n".join(lines).rstrip()


def _apis(platform: Platform) -> Iterable[Api]:
    return platform.apis.values()


def _api(api: Api) -> tuple[str, ...]:
    names = [f"`{one.name}`" + ("" if one.required else "?") for one in api.parameters]
    return f"`{api.key}`", ", ".join(names), api.method, f"`{api.path}`"


def exceptions(words: Words) -> str:
    rows = [(f"`{name}`", words(text)) for name, text in api.exceptions()]
    return words.table(("exception", "what it says"), rows)


def python_api(words: Words) -> str:
    rows = [api.entry(name, value, words) for name, value in api.public()]
    return words.table(("name", "what it is"), rows)


def command_options(words: Words) -> str:
    """Return the options of several commands, and those of ``run`` that pytest has not."""
    every = {name: list(cli.options(name)) for name in COMMANDS}
    shared = Counter(one for told in every.values() for one in told)
    theirs = {to_flag(name).replace("--bpmax-", "--") for name in OPTIONS}
    told = [one for one, times in shared.items() if times >= SHARED_BY]
    told += [one for one in every["run"] if one[0] not in theirs and one not in told]
    rows = [(f"`{one}`", localise_full_stops(words(text))) for one, text in told]
    return words.table(("option", "meaning"), rows)


SHARED_BY = 3
"""Of how many commands an option is that is told."""


def cassette_sample(_words: Words) -> str:
    """Return the cassette of a sample, its bodies left out."""
    text = (ROOT / "cassettes/crm/选择客户回填.yaml").read_text(encoding="utf-8")
    first = text[: text.index('- bpmax: {"key"', text.index('- bpmax: {"key"') + 1)]
    every = first.splitlines()
    headers = max(at for at, line in enumerate(every) if line == "    headers:") + 2
    body = every.index("    body:")
    kept = [*every[:headers], "      …", *every[body:]]
    lines = [line if len(line) < WIDE else f"{line[:WIDE]}…" for line in kept]
    return "\n".join(["<!-- sample -->", "```text", *lines, "```"])


def _measured(table: Callable[[Language], str], words: Words) -> str:
    return table(words.language)


BUILTIN = ROOT / "bpmax_sim/platform/builtin"
WIDE = 160
TABLES: Mapping[str, Callable[[Words], str]] = {
    "actions": actions,
    "step": step_keys,
    "operators": operators,
    "hooks": hooks,
    "laws": laws,
    "mistakes": mistakes,
    "keys": keys,
    "presets": presets,
    "options": options,
    "settings": settings,
    "markers": markers,
    "fixtures": named_fixtures,
    "commands": commands,
    "json": printed,
    "searched": searched,
    "not_searched": not_searched,
    "corpus": corpus,
    "collation": collation,
    "sdk_calls": sdk_calls,
    "glossary": lambda words: glossary.table(words.language),
    "builtin": builtin,
    "exceptions": exceptions,
    "command_options": command_options,
    "cassette_sample": cassette_sample,
    **{f"peers_{name}": partial(_measured, table) for name, table in peers.TABLES.items()},
    "python_api": python_api,
    "python_testing": api.names_for_tests,
    **{name: partial(fact_table, name) for name in facts.tables()},
    "proxy_rules": proxy_rules,
    **{f"model_{name}": partial(model_keys, name) for name in models.MODELS},
}


def filled(text: str, words: Words) -> str:
    """Return *text* with its figures, and a table between ``<!-- table: name -->`` and its end.

    Raises:
        UntranslatedError: a text of a table has no Chinese.
    """

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}\n{TABLES[found[2]](words)}\n<!-- end -->"

    done = re.sub(r"(<!-- table: (\w+) -->)\n.*?<!-- end -->", fill, text, flags=re.DOTALL)
    if words.missing:
        told = "\n".join(f"  {text}" for text in dict.fromkeys(words.missing))
        raise UntranslatedError(f"no Chinese in tests/docs/zh.yaml for:\n{told}")
    return figures.filled(done, words.language)


def fresh(language: Language) -> Iterator[tuple[Path, str]]:
    """Yield every page in *language* with its text, tables and outputs anew."""
    printed: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for one in tour(texts(language), Path(folder), language):
            if one.output:
                printed.setdefault(one.page, []).append(one.printed)
    for place, path in every(language).items():
        told = filled(path.read_text(encoding="utf-8"), Words(language))
        yield path, with_outputs(told, printed.get(place, ()))


def write() -> None:
    """Write all pages anew."""
    for language in LANGUAGES:
        for path, text in fresh(language):
            path.write_text(text, encoding="utf-8", newline="\n")


def stale() -> list[Path]:
    """Return the pages that `write` would change."""
    pages = [one for language in LANGUAGES for one in fresh(language)]
    return [path for path, text in pages if path.read_text(encoding="utf-8") != text]
