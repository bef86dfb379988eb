"""Which members of responses the scripts of an item read, seen in a run.

A library in front of the scripts' own wraps ``$proxy``: what a call resolves to is then a Proxy
that notes each name that is read, by a line of the console. Identity, ``Array.isArray``, JSON and
keys are as before, as what a Proxy hands out for an object is always the same one. Where a script
can tell all the same, such as one that clones a response, this run does other than without it: that
is seen by comparing the two, and nothing is taken from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.explore.run_view import ObservedCall, RunView, StepView
from bpmax_sim.scenario.events import ConsoleWritten
from bpmax_sim.script.failure import Script

_MARK: Final = "bpmax_sim.reads "
Names = tuple[str, ...]
READ_WATCHER: Final = Script(
    """\
(() => {
  const known = Symbol.for('bpmax_sim.reads');
  if ($proxy[known]) return;
  const original = $proxy, wrapped = new WeakMap(), proxies = new WeakSet(), log = console.debug;
  const {stringify} = JSON, {isArray} = Array, {hasOwn} = Object, {get: read} = Reflect;
  const say = (...entry) => log('MARK' + stringify(entry));
  let calls = 0;
  function wrap(value, call, path, seen) {
    if (typeof value !== 'object' || value === null || proxies.has(value)) return value;
    if (!wrapped.has(value)) {
      const proxy = new Proxy(value, {get(target, name, self) {
        const inner = read(target, name, self);
        const isList = isArray(target);
        if (typeof name !== 'string' || (isList && name === 'length')) return inner;
        if (!hasOwn(target, name)) return inner;
        const at = [...path, isList ? '*' : name], key = stringify(at);
        if (!seen.has(key)) { seen.add(key); say(call, at); }
        return wrap(inner, call, at, seen);
      }});
      wrapped.set(value, proxy);
      proxies.add(proxy);
    }
    return wrapped.get(value);
  }
  function watch(promise) {
    if (typeof promise?.then !== 'function') return promise;
    const call = calls++, seen = new Set();
    say(call);
    return promise.then(value => wrap(value, call, [], seen));
  }
  const builder = chain => new Proxy({}, {get(_, name) {
    const value = chain[name];
    if (typeof value !== 'function' || name === 'then') return value;
    if (name === '$call') return () => watch(value());
    return (...values) => builder(value(...values));
  }});
  const platform = inner => new Proxy({}, {get(_, name) {
    const value = inner[name];
    if (typeof value !== 'function' || typeof name !== 'string') return value;
    if (name === '$api') return api => builder(value(api));
    return (...values) => watch(value(...values));
  }});
  globalThis.$proxy = Object.assign((...values) => platform(original(...values)), {[known]: true});
})();
""".replace("MARK", _MARK),
    "bpmax-sim-reads.js",
)


class _ReadNote(msgspec.Struct, array_like=True, frozen=True):
    """A call, by its number in its context, or a member of its response that was read."""

    call: int
    path: Names = ()


class ReadMembers(msgspec.Struct, frozen=True):
    """Which members of responses are read.

    Attributes:
        seen: call, as `ObservedCall.label` names it -> ways to what is read of its response, of
            lists ``*`` for any element; None where no run shows it.
        words: the names in the scripts, which tell it then: a member that none names is not read.
    """

    seen: Mapping[str, frozenset[Names]] | None
    words: frozenset[str]

    def is_read(self, call: ObservedCall, steps: tuple[str | int, ...]) -> bool:
        """Return whether the member at *steps* of the response of *call* is read."""
        if self.seen is None:
            return str(steps[-1]) in self.words
        names = tuple("*" if isinstance(step, int) else step for step in steps)
        return names in self.seen.get(call.label, ())


def find_reads(base: RunView, watched: RunView) -> Mapping[str, frozenset[Names]] | None:
    """Return what was read in *watched*, the run of *base* with `READ_WATCHER`.

    None where the two came to different things, so that a script has noticed that it was watched.
    """
    if [*map(_comparable_call, base.calls)] != [*map(_comparable_call, watched.calls)]:
        return None
    if [*map(_comparable_step, base.steps.values())] != [
        *map(_comparable_step, watched.steps.values())
    ]:
        return None
    labels = {call.begin: call.label for call in watched.calls if not call.is_login}
    seen: dict[str, set[Names]] = {label: set() for label in labels.values()}
    made: dict[int, list[str]] = {}  # contexts begin to count anew, so a number can be of several
    latest = ""
    for position, event in enumerate(watched.trial.events):
        latest = labels.get(position, latest)
        if not isinstance(event, ConsoleWritten) or not event.text.startswith(_MARK):
            continue
        note = msgspec.json.decode(event.text.removeprefix(_MARK), type=_ReadNote)
        if not note.path:
            made.setdefault(note.call, []).append(latest)
        for label in made[note.call] if note.path else ():
            seen[label].add(note.path)
    return {label: frozenset(paths) for label, paths in seen.items()}


def _comparable_call(call: ObservedCall) -> tuple[object, ...]:
    return call.name, call.step, call.request, call.error, call.status, call.sent_at


def _comparable_step(step: StepView) -> StepView:
    console = tuple(line for line in step.console if not str(line["text"]).startswith(_MARK))
    return replace(step, console=console)
