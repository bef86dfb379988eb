"""Change values in the text of a YAML file; comments and layout stay.

Only the text of changed values is written. The result is read back and compared with the wanted
value, so a file that cannot be changed like that is refused, never damaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.yamlfile.node import Step, format_steps, parse_yaml
from bpmax_sim.yamlfile.write import write_inline


class Replacement(dict[str, Any]):
    """A mapping that replaces the one that is there as a whole, instead of being merged into it."""


def merge_into(text: str, steps: Sequence[Step], addition: Mapping[str, Any], file: str) -> str:
    """Return *text* with *addition* merged into the mapping at *steps*.

    Mappings are merged, except each `Replacement`; any other value that is there is replaced.
    Lines that are added end like the others. *file* is its name in messages.

    Raises:
        ConfigError: if the file cannot be changed so that exactly these values differ.
    """
    expected: Any = parse_yaml(text, file).to_plain()
    has_crlf = 0 < text.count("\n") == text.count("\r\n")
    try:
        owner = expected
        for step in steps:
            owner = owner[step]
        _merge_plain(owner, addition)
        after = _Editor(text.replace("\r\n", "\n") if has_crlf else text).merge(
            tuple(steps), addition
        )
        after = after.replace("\n", "\r\n") if has_crlf else after
        if parse_yaml(after, file).to_plain() == expected:
            return after
    except (ConfigError, LookupError, ValueError, TypeError, AttributeError, yaml.YAMLError):
        pass  # also where no mapping is, as in an empty file
    message = msg(
        "{where} cannot be changed here without touching more; write it by hand: {value}",
        where=format_steps(steps) or join_list(addition),
        value=write_inline(dict(addition)),
    )
    raise ConfigError(Problem(message, Place(file)))


def _merge_plain(owner: Any, addition: Mapping[str, Any]) -> None:
    for key, value in addition.items():
        if _is_merged(value) and isinstance(owner.get(key), dict):
            _merge_plain(owner[key], value)
        else:
            owner[key] = _to_plain(value)


def _is_merged(value: Any) -> bool:
    return isinstance(value, Mapping) and not isinstance(value, Replacement)


def _to_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_plain(inner) for key, inner in value.items()}
    return [_to_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


class _Editor:
    """Computes the edits of a YAML text that merge values into it.

    An edit is the offset of its start, that of its end, and the text that replaces what is between.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def merge(self, steps: tuple[Step, ...], addition: Mapping[str, Any]) -> str:
        node = yaml.compose(self._text, Loader=yaml.SafeLoader)
        for step in steps:
            node = _get_child(node, step)
        edits: list[tuple[int, int, str]] = []
        self._collect_edits(node, addition, edits)
        text = self._text
        # From the end of the text, so that an edit does not move the offsets of those still to
        # come.
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _collect_edits(
        self, node: Any, addition: Mapping[str, Any], edits: list[tuple[int, int, str]]
    ) -> None:
        known = {key.value: (key, value) for key, value in node.value}
        fresh = {}
        for name, value in addition.items():
            if name not in known:
                fresh[name] = value
            elif _is_merged(value) and isinstance(known[name][1], yaml.MappingNode):
                self._collect_edits(known[name][1], value, edits)
            else:
                edits.append(self._make_replacement(node, *known[name], value))
        if fresh:
            edits.append(self._make_insertion(node, fresh))

    def _make_replacement(self, owner: Any, key: Any, old: Any, value: Any) -> tuple[int, int, str]:
        """Return the edit that replaces the value *old* of *key* by *value*.

        *owner* is the mapping that has the key. A mapping with nested values is written below its
        key.
        """
        start, end = self._to_offset(old.start_mark), self._find_end_offset(old)
        inner = value.values() if isinstance(value, Mapping) else ()
        if owner.flow_style or not any(isinstance(one, Mapping | list) for one in inner):
            is_empty = start == end  # directly behind the colon
            return start, end, f"{' ' if is_empty else ''}{write_inline(value)}"
        line_end = self._text.find("\n", end)
        line_end = len(self._text) if line_end < 0 else line_end
        # A comment behind the old value stays on the line of its key; the mapping begins below.
        comment = self._text[end:line_end].rstrip()
        indent = " " * (key.start_mark.column + 2)
        pairs = (f"\n{indent}{write_inline(name)}: {write_inline(v)}" for name, v in value.items())
        return self._to_offset(key.end_mark), line_end, f":{comment}{''.join(pairs)}"

    def _make_insertion(self, node: Any, fresh: Mapping[str, Any]) -> tuple[int, int, str]:
        """Return the edit that adds the entries *fresh* at the end of the mapping *node*."""
        pairs = [f"{write_inline(name)}: {write_inline(value)}" for name, value in fresh.items()]
        end = self._find_end_offset(node)
        if node.flow_style:
            at = end - 1  # before the bracket
            before = self._text[:at].rstrip()
            gap = "" if not node.value else ", "
            is_trailing = before.endswith(",")
            text = (" " if is_trailing else gap) + ", ".join(pairs)
            return len(before) if not self._text[len(before) : at].count("\n") else at, at, text
        line_end = self._text.find("\n", end)
        line_end = len(self._text) if line_end < 0 else line_end
        indent = " " * node.value[0][0].start_mark.column
        return line_end, line_end, "".join(f"\n{indent}{pair}" for pair in pairs)

    def _to_offset(self, mark: Any) -> int:
        return int(self._starts[mark.line] + mark.column)

    def _find_end_offset(self, node: Any) -> int:
        """Return the offset of the end of *node*; a block ends with its last scalar."""
        if isinstance(node, yaml.ScalarNode):
            end = self._to_offset(node.end_mark)
            return len(self._text[:end].rstrip("\n")) if node.style in {"|", ">"} else end
        if node.flow_style:
            return self._to_offset(node.end_mark)
        # PyYAML ends a block where the next token begins, so behind blank lines and comments that
        # belong to what follows. Only the end of its last scalar is that of the text.
        last = node.value[-1]
        return self._find_end_offset(last[1] if isinstance(last, tuple) else last)


def _get_child(node: Any, step: Step) -> Any:
    if isinstance(step, int):
        return node.value[step]
    return next(value for key, value in node.value if key.value == step)
