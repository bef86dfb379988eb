"""Find which members of responses the scripts of an item read, by observing a run.

A library in front of the scripts' own wraps ``$proxy``: the result of a call is then a JavaScript
Proxy that writes a console line for each member that is read. Identity, ``Array.isArray``, JSON and
keys work as before, because the same object always gets the same Proxy. A script that notices the
Proxy, such as one that clones a response, behaves differently. Therefore the observed run is
compared with an ordinary one, and nothing is learned from it if they differ.
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
# The watcher must not change what scripts see: a value has one proxy, so that `===` still holds,
# and only own members are noted, so that methods work. What it needs of the console, of JSON and of
# Reflect is taken before a script can replace it. It cannot be perfect (a proxy of a frozen object
# may only return the member itself), so `find_reads` compares both runs.
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
    """A note that an instrumented script writes to its console.

    Attributes:
        call: number of a call, counted from when the script's context was made.
        path: member that was read in its response; empty to note the call itself.
    """

    call: int
    path: Names = ()


class ReadMembers(msgspec.Struct, frozen=True):
    """Which members of responses scripts read: only these are worth leaving out of a response.

    Attributes:
        seen: label of a call (`ObservedCall.label`) -> paths that were read in its response, with
            ``*`` for any element of a list; None if no run could be observed.
        words: all names in the scripts. If *seen* is None, a member counts as read if its name is
            among them.
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
    """Return the paths that were read in *watched*, by label of the call.

    *watched* is *base* run again with `READ_WATCHER`, a library that wraps responses and notes
    which members of them scripts read. None if both have different results: then a script noticed
    that it was observed.
    """
    if [*map(_to_comparable_call, base.calls)] != [*map(_to_comparable_call, watched.calls)]:
        return None
    if [*map(_drop_watcher_console_lines, base.steps.values())] != [
        *map(_drop_watcher_console_lines, watched.steps.values())
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


def _to_comparable_call(call: ObservedCall) -> tuple[object, ...]:
    """Return the parts of *call* by which a run with `READ_WATCHER` is compared to one without it.

    If they are equal, no script has noticed that its reads of responses are observed.
    """
    return call.name, call.step, call.request, call.error, call.status, call.sent_at


def _drop_watcher_console_lines(step: StepView) -> StepView:
    """Return *step* without the console lines with which instrumented code reports its reads."""
    console = tuple(line for line in step.console if not str(line["text"]).startswith(_MARK))
    return replace(step, console=console)
