"""What can be seen of a subject, in the words of a scenario file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmax_sim.scenario.actions import Subject
from bpmax_sim.scenario.plain import plain
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject


def form_of(subject: Subject) -> Mapping[str, Any]:
    """Return the present fields, of a flow those of its project."""
    if isinstance(subject, FormSubject):
        return dict(plain(subject.fields))
    return dict(plain(subject.form)) if isinstance(subject, FlowSubject) else {}


def fields_of(subject: Subject) -> Mapping[str, Any]:
    """Return what can be said of a form's fields."""
    return dict(plain(subject.facts())) if isinstance(subject, FormSubject) else {}


def flow_of(subject: Subject) -> Mapping[str, Any]:
    """Return what can be said of the flow."""
    return dict(plain(subject.facts())) if isinstance(subject, FlowSubject) else {}
