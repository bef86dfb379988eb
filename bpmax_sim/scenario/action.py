"""The base class of a step's actions (keys, check at load, run), and their performer."""

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
from bpmax_sim.i18n import join_list
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
    """What `Performer` needs of a player of people: somebody who acts as the owners of tasks.

    The one implementation, `bpmax_sim.scenario.policies.PolicyPlayer`, acts by the scenario's
    ``policies``. It is a protocol because that module imports this one.
    """

    def play(self, performer: Performer, flow: FlowSubject, until: str, result: Result, /) -> None:
        """Let the people act, and time pass, until the project is at node *until*.

        If *until* is "", until the project has ended. What scripts do meanwhile is added to
        *result*.
        """
        ...

    def record_task_arrivals(self, flow: FlowSubject, /) -> None:
        """Note the virtual time at which each present owner of a task got it.

        A policy with ``after: 2h`` acts two hours after that time. Called after every action,
        because an action can give tasks to new owners.
        """
        ...


class Performer(msgspec.Struct, frozen=True, kw_only=True):
    """Performs actions on one subject (form or flow) in one session.

    Attributes:
        player: acts for the people who have ``policies`` in the scenario; None without policies.
        path: scenario file; Python modules are searched beside it.
        inline: script files that steps name in ``js``, read at load: file as spelled there ->
            script.
        libraries: scripts that run before a script of a ``js`` step.
    """

    session: Session
    subject: Subject
    path: Path
    inline: Mapping[str, Script]
    libraries: tuple[Script, ...] = ()
    player: PeoplePlayer | None = None

    def perform(self, action: type[Action] | None, value: Any, script_name: str) -> Result:
        """Perform *action* and return its result, including all that its scripts started.

        Errors are part of the result. Before it returns, everything has run that is due by now and
        that scripts wait for: calls in flight, timers, change handlers of fields. The ``${…}`` in
        *value* are replaced already; *script_name* is the file name given to a script written in
        the step. Without an action only deadlines and the branches of the start node are processed.
        """
        result = Result() if self.subject is None else self.subject.begin_action()
        self._run_action(action, value, script_name, result, expires=True)
        for ended in self.session.drain():
            result.add_outcome(ended)
        return result

    def perform_in_flight(
        self, action: type[Action] | None, value: Any, script_name: str
    ) -> Result:
        """Perform *action* while a call of another action is pending.

        Return its result at once: calls and timers that it started go on, and end with the other
        action. *script_name* is the file name given to a script written in the step.
        """
        with (
            nullcontext(Result())
            if self.subject is None
            else self.subject.begin_concurrent_action() as result
        ):
            self._run_action(action, value, script_name, result, expires=False)
        return result

    def _run_action(
        self,
        action: type[Action] | None,
        value: Any,
        script_name: str,
        result: Result,
        *,
        expires: bool,
    ) -> None:
        """Perform *action*, and add its outputs to *result*, with its error instead of raising it.

        *value* is the step's value with ``${…}`` replaced, and *script_name* the file name given to
        a script written in the step. Afterwards the `PeoplePlayer` notes who got a task. With
        *expires*, deadlines of the flow that are due afterwards are processed too.
        """
        try:
            # Not when the flow is created, which is before the session has its stubs and outside of
            # any step: who would answer a call of the sub-flow's scripts, and report their errors?
            if isinstance(self.subject, FlowSubject):
                self.subject.begin_branches_or_child_at_start()
            if action is not None:
                action.run(self, value, script_name, result)
            if expires:
                self.fire_due_deadlines()
            if self.player is not None and isinstance(self.subject, FlowSubject):
                self.player.record_task_arrivals(self.subject)
        except SubjectError as error:  # a refusal needs no frames, which would keep the run
            result.errors.append(error.with_traceback(None))
        except Exception as error:  # noqa: BLE001 - whatever a user's code raises fails the step
            result.errors.append(error)

    def fire_due_deadlines(self) -> None:
        """Process the flow's deadlines that are due at the present virtual time."""
        if isinstance(self.subject, FlowSubject):
            self.subject.fire_due_deadlines(self.session.clock.now())

    def require_form(self, action: str) -> FormSubject:
        """Return the form; of a flow, the one that the acting person sees.

        Raises:
            SubjectError: if the scenario has no form; its message names *action*, the step's
                action.
        """
        if isinstance(self.subject, FlowSubject):
            return self.subject.require_unambiguous_form(action)
        if not isinstance(self.subject, FormSubject):
            raise SubjectError("{action} needs a form", code="NO_FORM", action=action)
        return self.subject

    def require_flow(self, action: str) -> FlowSubject:
        """Return the flow.

        Raises:
            SubjectError: if the subject is not a flow; its message names *action*, the step's
                action.
        """
        if not isinstance(self.subject, FlowSubject):
            raise SubjectError("{action} needs a flow", code="NO_FLOW", action=action)
        return self.subject

    def require_form_or_flow(self, action: str) -> FormSubject | FlowSubject:
        """Return the subject, whether form or flow.

        Raises:
            SubjectError: if the scenario has neither; its message names *action*, the step's
                action.
        """
        if self.subject is None:
            raise SubjectError("{action} needs a form or a flow", code="NO_SUBJECT", action=action)
        return self.subject


class Action(Model, frozen=True, kw_only=True):
    """An action of a step; the fields of a subclass are the keys of its value, if that is a map.

    Attributes:
        about: description for editors and the documentation.
        texts: descriptions of the value as a whole (key ``_``) and of each of its keys.
        others: accepted types of the value besides a map with these fields.
        takes: syntax of the value for the documentation, where the keys do not show it.
        needs: subjects of which the scenario needs one (``form``, ``flow``); empty if none.
        sees_form: whether, in a flow, it acts on the form of one node.
        takes_by: whether the step may name the acting person with ``by``.
        has_result: whether BPMAX uses what the scripts of the action return; it ignores what those
            of ``open`` and ``change`` do.
        is_code: whether its texts are script source, in which ``${…}`` is JavaScript.
    """

    about: ClassVar[str]
    texts: ClassVar[Mapping[str, str]] = {}
    others: ClassVar[tuple[Any, ...]] = ()
    takes: ClassVar[str] = ""
    needs: ClassVar[tuple[SubjectKind, ...]] = ()
    sees_form: ClassVar[bool] = False
    takes_by: ClassVar[bool] = False
    has_result: ClassVar[bool] = True
    is_code: ClassVar[bool] = False

    @classmethod
    def derive_key(cls) -> str:
        """Return the step's key for this action, derived from the name of the class.

        ``AddRow`` gives ``add_row``; ``Action`` at the end is left out.
        """
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__.removesuffix("Action")).lower()

    @classmethod
    def get_value_type(cls) -> Any:
        """Return the type of the value in a scenario file, from which the JSON Schema is made."""
        return reduce(or_, (*((cls,) if cls.__struct_fields__ else ()), *cls.others))

    @classmethod
    def make_value_schema(cls) -> dict[str, Any] | None:
        """Return a JSON Schema of the value where its type cannot express it, else None."""
        return None

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report to *context* what is wrong with *value*, which is at *spot* of the scenario file.

        Called when the file is loaded, before anything runs.
        """
        raise NotImplementedError

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:
        """Perform the action; add what happens, including the subject's scripts, to *result*.

        Raises:
            Exception: if the action fails; the performer makes it the step's error.
        """
        raise NotImplementedError

    @classmethod
    def find_script_file(cls, value: Any) -> str | None:  # noqa: ARG003
        """Return the script file that *value* names, or None; only a ``js`` step names one."""
        return None

    @classmethod
    def find_named_steps(cls, value: Any) -> tuple[str, Mapping[str, Any]] | None:  # noqa: ARG003
        """Return name and variables of the steps of a fragment that this action runs, or None.

        Only `RunAction` runs steps: ``run: {steps: pay, with: {sum: 5}}`` gives ``("pay", {"sum":
        5})``.
        """
        return None

    @classmethod
    def check_keys_if_map(cls, context: CheckContext, value: Any, spot: Spot) -> bool:
        """Report unknown keys of *value* to *context*; return whether it is a map at all.

        A value that is not a map is reported, too. The result does not say whether all keys are
        known.
        """
        known = cls.__struct_encode_fields__
        if not isinstance(value, Mapping):
            context.tell(spot, "expected a map of {names}", names=join_list(known))
            return False
        for key in value:
            if key not in known:
                context.tell(spot.at(key), "unknown key {key!r}{hint}", known=known, key=key)
        return True
