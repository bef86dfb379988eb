"""What an action of a step is: its keys, its check at load, its run; and who performs one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec

from bpmax_sim.errors import SubjectError
from bpmax_sim.i18n import series
from bpmax_sim.platform.model import Model
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.scenario.source import Spot
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import Result, SubjectKind

Subject = FormSubject | FlowSubject | None


class PeoplePlayer(Protocol):
    """Lets people decide by themselves."""

    def play(self, on: Performer, flow: FlowSubject, until: str, result: Result, /) -> None:
        """Let *flow* run until it is at the node *until*, or by default until it has ended."""
        ...

    def note_tasks(self, flow: FlowSubject, /) -> None:
        """Note since when those have a task who have one now."""
        ...


class Performer(msgspec.Struct, frozen=True, kw_only=True):
    """Performs actions on one subject in one session.

    Attributes:
        player: who plays the people of the scenario's policies.
        path: the scenario's file, for Python modules beside it.
        inline: file of a ``js`` step -> its body.
    """

    session: Session
    subject: Subject
    path: Path
    inline: Mapping[str, Script]
    libraries: tuple[Script, ...] = ()
    player: PeoplePlayer | None = None

    def perform(self, action: type[Action] | None, value: Any, name: str) -> Result:
        """Do *action* and return all that came of it, whoever started what; errors included.

        *value* has its ``${…}`` filled in; *name* is for a script that stands in the step itself.
        Without an action only what begins by itself happens.
        """
        result = Result() if self.subject is None else self.subject.begin_action()
        self._run(action, value, name, result, expires=True)
        for ended in self.session.drain():
            result.add_outcome(ended)
        return result

    def perform_in_flight(self, action: type[Action] | None, value: Any, name: str) -> Result:
        """Do *action* while another one is under way, and return what it ended with."""
        with (
            nullcontext(Result())
            if self.subject is None
            else self.subject.concurrent_action() as result
        ):
            self._run(action, value, name, result, expires=False)
        return result

    def _run(
        self, action: type[Action] | None, value: Any, name: str, result: Result, *, expires: bool
    ) -> None:
        try:
            if isinstance(self.subject, FlowSubject):
                self.subject.begin_branches_of_start_node()
            if action is not None:
                action.run(self, value, name, result)
            if expires:
                self.fire_due_deadlines()
            if self.player is not None and isinstance(self.subject, FlowSubject):
                self.player.note_tasks(self.subject)
        except SubjectError as error:  # a refusal needs no frames, which would keep the run
            result.errors.append(error.with_traceback(None))
        except Exception as error:  # noqa: BLE001 - whatever a user's code raises fails the step
            result.errors.append(error)

    def fire_due_deadlines(self) -> None:
        """Let happen what happens at the deadlines that are over by now."""
        if isinstance(self.subject, FlowSubject):
            self.subject.fire_due_deadlines(self.session.clock.now())

    def form(self, action: str) -> FormSubject:
        """Return the form that a person sees.

        Raises:
            SubjectError: if the subject has none.
        """
        if isinstance(self.subject, FlowSubject):
            return self.subject.visible_form(action)
        if not isinstance(self.subject, FormSubject):
            raise SubjectError("{action} needs a form", code="NO_FORM", action=action)
        return self.subject

    def flow(self, action: str) -> FlowSubject:
        """Return the flow.

        Raises:
            SubjectError: if the subject is none.
        """
        if not isinstance(self.subject, FlowSubject):
            raise SubjectError("{action} needs a flow", code="NO_FLOW", action=action)
        return self.subject

    def any(self, action: str) -> FormSubject | FlowSubject:
        """Return the subject.

        Raises:
            SubjectError: if there is none.
        """
        if self.subject is None:
            raise SubjectError("{action} needs a form or a flow", code="NO_SUBJECT", action=action)
        return self.subject


class Action(Model, frozen=True, kw_only=True):
    """An action; its fields are the keys of its value, where that is a map.

    Attributes:
        about: what an editor and the documentation show of it.
        texts: the same for the value as a whole (``_``) and for each of its keys.
        others: types of its value beside a map with its fields.
        takes: how the documentation writes its value where the keys alone do not say it.
        needs: the subjects that it acts on; empty where it needs none.
        sees_form: whether it is done at the form of one node, where a flow is driven.
        takes_by: whether the step may say with ``by`` who does it.
        is_code: its texts are a script's own, so ``${…}`` in them is JavaScript.
    """

    about: ClassVar[str]
    texts: ClassVar[Mapping[str, str]] = {}
    others: ClassVar[tuple[Any, ...]] = ()
    takes: ClassVar[str] = ""
    needs: ClassVar[tuple[SubjectKind, ...]] = ()
    sees_form: ClassVar[bool] = False
    takes_by: ClassVar[bool] = False
    is_code: ClassVar[bool] = False

    @classmethod
    def key(cls) -> str:
        """Return the key of a step that asks for it."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__.removesuffix("Action")).lower()

    @classmethod
    def value_type(cls) -> Any:
        """Return the type of its value in a file, for the JSON Schema."""
        return reduce(or_, (*((cls,) if cls.__struct_fields__ else ()), *cls.others))

    @classmethod
    def value_schema(cls) -> dict[str, Any] | None:
        """Return the JSON Schema of its value where no type says it."""
        return None

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report to *context* what is wrong with *value*, before anything runs."""
        raise NotImplementedError

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:
        """Do it; *result* takes what comes of it, the subject's scripts included.

        Raises:
            Exception: what the action ends with.
        """
        raise NotImplementedError

    @classmethod
    def script_file(cls, value: Any) -> str | None:  # noqa: ARG003
        """Return the script file that *value* names with its key ``file``."""
        return None

    @classmethod
    def named_steps(cls, value: Any) -> tuple[str, Mapping[str, Any]] | None:  # noqa: ARG003
        """Return the named steps that it consists of, and the variables they get."""
        return None

    @classmethod
    def known_keys(cls, context: CheckContext, value: Any, spot: Spot) -> bool:
        """Report unknown keys; return whether *value* is a map at all."""
        known = cls.__struct_encode_fields__
        if not isinstance(value, Mapping):
            context.tell(spot, "expected a map of {names}", names=series(known))
            return False
        for key in value:
            if key not in known:
                context.tell(spot.at(key), "unknown key {key!r}{hint}", known=known, key=key)
        return True
