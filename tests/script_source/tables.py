"""Tables of scripts: each line is what is found in a script, and the script.

What is found comes first, ``-`` where nothing is; ``⏎`` in a script is a line break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bpmax_sim.errors import Place
from bpmax_sim.script_source.reading import find_slips, read_results, read_script


def retell(table: str, find: Callable[[str], Iterable[str]]) -> str:
    """Return *table* with what *find* finds now in front of each script."""
    scripts = [line.partition(" | ")[2] for line in table.strip().splitlines()]
    found = [" ".join(find(script.replace("⏎", "\n"))) or "-" for script in scripts]
    return "\n".join(f"{what} | {script}" for what, script in zip(found, scripts, strict=True))


def list_slips(script: str) -> list[str]:
    """Return the slips in *script*, each as ``rule@column``."""
    return [f"{slip.rule}@{slip.place.column}" for slip in find_slips(script)]


def list_messages(table: str) -> list[str]:
    """Return what is said of the slips in the scripts of *table*, each message once."""
    scripts = [line.partition(" | ")[2] for line in table.strip().splitlines()]
    slips = [slip for script in scripts for slip in find_slips(script.replace("⏎", "\n"))]
    return [*dict.fromkeys(str(slip.message) for slip in slips)]


_NOT_TOLD = frozenset({"form", "ctx", "$proxy", "go", "Promise", "Object"})
"""Globals that nearly every script uses."""


def list_facts(script: str) -> list[str]:
    """Return all that is read of *script*: calls, members, comparisons, promises, texts, names."""
    reading = read_script(script)
    facts = []
    for call in reading.calls:
        setters = "".join(
            f"${one.part}{'?' if one.names is None else ','.join(one.names)}{_at(one.place)}"
            for one in call.setters
        )
        options = "".join(f"+{name}{_at(place)}" for name, place in call.options)
        facts.append(
            f"call:{call.platform}.{call.api}/{call.instance!r}:{call.style}"
            f"({'' if call.arguments is None else call.arguments})"
            f"{'' if call.is_called else '!uncalled'}:{call.usage}"
            f"{_at(call.place)}{_at(call.platform_place)}{_at(call.api_place)}{setters}{options}"
        )
    facts += [
        f"{_name(use.root, use.call, use.path)}:{use.access}{'!' * use.is_guarded}{_at(use.place)}"
        for use in reading.members
    ]
    for one in reading.comparisons:
        sign = "===" if one.is_strict else "=="
        name = _name(one.root, one.call, one.path)
        facts.append(f"{name}{sign}{one.kind}:{one.text}{_at(one.place)}")
    facts += [
        f"{_name(one.root, one.call, one.path)}<>{one.text}{_at(one.place)}"
        for one in reading.order_comparisons
    ]
    for misuse in reading.misuses:
        function = f"({misuse.function})" if misuse.function else ""
        facts.append(f"misuse:{misuse.usage}:{misuse.name}{function}{_at(misuse.place)}")
    return [
        *facts,
        *(f"assigns{_at(place)}" for place in reading.assignments),
        *(f"unused:{number}" for number in reading.unused_calls),
        *(f"unread:{one.name}#{one.call}{_at(one.place)}" for one in reading.unread_results),
        *(
            f"dropped:{one.way}{_at(one.start)}{_at(one.end)}{_at(one.place)}"
            for one in reading.dropped_errors
        ),
        *(f"owner:{text}{_at(place)}" for text, place in reading.named_owners),
        *(f"ownerless{_at(place)}" for place in reading.ownerless),
        *(f"returns:{text}{_at(place)}" for text, place in reading.returned_texts),
        *(f"message:{owner}={word}{_at(at)}" for owner, word, at in reading.message_words),
        *(f"async:{name}" for name in reading.asynchronous),
        *(f"signature:{name}({','.join(names)})" for name, names in reading.signatures.items()),
        *(f"power{_at(place)}" for place in reading.powers),
        *(
            f"global:{one.name}:{one.access}{_at(one.place)}"
            for one in reading.globals
            if one.name not in _NOT_TOLD
        ),
        *(f"mistake{_at(place)}" for place in reading.mistakes),
        *(f"wide:{one}{meant}{_at(place)}" for one, meant, place in reading.full_width),
        *(f"ignore:{line}:{','.join(rules)}" for line, rules in reading.suppressed.items()),
    ]


def list_result_uses(script: str) -> list[str]:
    """Return for each call of *script* whether only members of its result are used, and where."""
    return [
        f"#{use.call}{'members' if use.is_by_members else 'whole'}{_at(use.start)}{_at(use.end)}"
        for use in read_results(script).uses
    ]


def _at(place: Place) -> str:
    line = "" if place.line == 1 else f"{place.line}:"
    return f"@{line}{place.column}"


def _name(root: str, call: int | None, path: Iterable[str]) -> str:
    number = "" if call is None else f"#{call}"
    return f"{root}{number}.{'.'.join(path)}"
