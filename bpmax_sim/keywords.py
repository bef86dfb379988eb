"""Public functions refuse an unknown keyword with the most similar valid name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, signature
from typing import Final, ParamSpec, TypeVar

from bpmax_sim.errors import ConfigError, suggest_or_list
from bpmax_sim.i18n import msg

P = ParamSpec("P")
R = TypeVar("R")


def refuse_unknown_keywords(
    known: Iterable[str] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that makes a function reject unknown keyword arguments with a suggestion.

    The TypeError names the most similar argument. Type checkers see the function's own signature.
    *known* are further keywords that the function passes on.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        parameters = signature(function).parameters.values()
        own = (parameter.name for parameter in parameters if parameter.kind in _BY_NAME)
        names = frozenset((*own, *known)) - {"self", "cls"}

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not kwargs.keys() <= names:
                wrong = sorted(kwargs.keys() - names)
                raise ConfigError(
                    *(_describe_unknown_keyword(function.__qualname__, w, names) for w in wrong)
                )
            return function(*args, **kwargs)

        return checked

    return decorate


_BY_NAME: Final = frozenset({Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY})


def _describe_unknown_keyword(function: str, name: str, names: Iterable[str]) -> str:
    message = msg("{function}: there is no {name!r}", function=function, name=name)
    return message + suggest_or_list(name, sorted(names))
