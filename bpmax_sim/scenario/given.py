"""Variables given on a command line, ``NAME=VALUE``: their texts, and what these mean in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bpmax_sim.yamlfile.scalars import ScalarError, resolve


class Given(str):
    """The text of a variable as somebody typed it."""

    __slots__ = ()


def given_variables(texts: Iterable[str]) -> dict[str, Given]:
    """Return the variables that *texts* give, ``NAME=VALUE`` each; the last of a name wins.

    Raises:
        ValueError: with a text that is something else.
    """
    found: dict[str, Given] = {}
    for text in texts:
        name, equals, written = text.partition("=")
        if not equals or not name.strip():
            raise ValueError(text)
        found[name.strip()] = Given(written.strip())
    return found


def meant(variables: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return *variables* with the values that their texts mean.

    A variable that the file declares as text stays text, such as a telephone number; any other is
    read as a plain value of the file would be.
    """
    return {
        name: _meant(value, declared.get(name)) if isinstance(value, Given) else value
        for name, value in variables.items()
    }


def _meant(text: str, declared: Any) -> Any:
    if isinstance(declared, str) and "${" not in declared:
        return str(text)
    try:
        return resolve(text) if text else ""
    except ScalarError:
        return str(text)  # a number with leading zeros is the text that it looks like


def repeated(option: str, variables: Mapping[str, Any], secrets: Iterable[str]) -> tuple[str, ...]:
    """Return the words that give *variables* again, without those that *secrets* names."""
    hidden = {name.removeprefix("vars.").partition(".")[0] for name in secrets}
    return tuple(
        word
        for name, value in variables.items()
        if isinstance(value, Given) and name not in hidden
        for word in (option, f"{name}={value}")
    )
