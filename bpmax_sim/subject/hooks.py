"""Which scripts a form or a flow runs, and when: one table.

*origin* says what is known: ``documented`` hooks stand on the product's page of script hooks or
in its API; ``extension`` names are this simulator's own spelling or idea.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from bpmax_sim.errors import listed, near

Subject = Literal["form", "flow"]


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of event.

    Attributes:
        subject: what fires it.
        named: what follows the dot, such as ``field``; nothing for a plain event.
        gives: the globals that its script sees.
        returns: what the returned value means.
        label: the product's name for it.
    """

    name: str
    subject: Subject
    named: str = ""
    gives: tuple[str, ...] = ("form",)
    returns: str = ""
    label: str = ""
    origin: Literal["documented", "extension"] = "extension"

    @property
    def pattern(self) -> str:
        """Return the spelling of the event, such as ``change.<field>``."""
        return f"{self.name}.<{self.named}>" if self.named else self.name


def _form(name: str, named: str = "", returns: str = "") -> Hook:
    return Hook(name=name, subject="form", named=named, returns=returns)


def _flow(name: str, label: str, returns: str, *, named: str = "", both: bool = False) -> Hook:
    return Hook(
        name=name,
        subject="flow",
        named=named,
        gives=("ctx", "form") if both else ("ctx",),
        returns=returns,
        label=label,
        origin="documented" if label else "extension",
    )


HOOKS: tuple[Hook, ...] = (
    _form("open"),
    _form("change", "field"),
    _form("click", "button"),
    _form("submit", returns="false stops it"),
    _flow("create", "", "", both=True),
    _flow("approve", "", "", named="node", both=True),
    _flow("reject", "", "", named="node", both=True),
    _flow("before_next", "环节流转前校验", "false or a text refuses", named="node"),
    _flow("owners", "分配当前环节负责人", "owners, or a map from step to owners", named="node"),
    _flow("jump", "自定义跳转逻辑", "the first node"),
    _flow("project_name", "项目名称模板", "a text"),
    _flow("task_title", "任务标题模板", "a text"),
    _flow("computed", "计算属性", "a map of values, merged into the form"),
    _flow("visibility", "环节可见性配置", "a map of node -> true or false"),
)


class Event(msgspec.Struct, frozen=True):
    """A hook and what it is about: ``change`` and ``customerId``."""

    hook: Hook
    target: str = ""

    def __str__(self) -> str:
        """Return the event as a scenario spells it."""
        return f"{self.hook.name}.{self.target}" if self.target else self.hook.name


def hooks_of(subject: Subject) -> tuple[Hook, ...]:
    """Return the hooks that *subject* fires."""
    return tuple(hook for hook in HOOKS if hook.subject == subject)


def parse_event(text: str, subject: Subject) -> Event:
    """Return the event that *text* spells.

    Raises:
        ValueError: if *subject* has no such event; the message names the near one.
    """
    name, dot, target = text.partition(".")
    known = {hook.name: hook for hook in hooks_of(subject)}
    hook = known.get(name)
    if hook is None:
        patterns = ", ".join(hook.pattern for hook in known.values())
        hint = near(name, known) or f"; there is {patterns}"
        raise ValueError(f"a {subject} has no event {text!r}{hint}")
    if bool(hook.named) is not bool(target) or (dot and not target):
        raise ValueError(f"write {hook.pattern}, not {text!r}")
    return Event(hook, target)


def check_target(event: Event, names: Iterable[str]) -> str | None:
    """Return what is wrong when *event* speaks of something that is not among *names*."""
    known = tuple(names)
    if not known or not event.target or event.target in known:
        return None
    hint = near(event.target, known) or f"; there is {listed(known)}"
    return f"{event}: no {event.hook.named} {event.target!r}{hint}"
