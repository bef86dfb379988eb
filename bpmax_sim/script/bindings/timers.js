// setTimeout and setInterval, which Python's scheduler fires, and the promises that wait for them.
'use strict';
(shared) => {
const {emit, here, refuse, describe, rawOf, plainError, pending, primordials} = shared, {apply, floor, newMap} = primordials, timers = newMap();
let last = 0;
const start = (name, repeat) => ({[name](work, delay, ...args) {
  if (typeof work !== 'function') refuse((name + '(function, delay): expected a function'), work);
  const ms = +delay >= 1 && +delay < 2 ** 31 ? floor(+delay) : 1; // as Node does
  timers.set(++last, {work, args, repeat});
  emit('"timer",' + last + ',' + ms + ',' + repeat + ',' + here());
  return last;
}}[name]);
const clear = name => ({[name](id) { if (timers.delete(id)) emit('"clear",' + id); }}[name]);
let pendingId = 0;
const tracked = executor => typeof executor !== 'function' ? executor : (resolve, reject) => {
  const id = ++pendingId;
  pending.set(id, {reject, place: rawOf(plainError('')) ?? '', run: shared.run});
  const settle = finish => value => { pending.delete(id); finish(value); };
  return executor(settle(resolve), settle(reject));
};
return {
  tracked,
  setTimeout: start('setTimeout', false), setInterval: start('setInterval', true),
  clearTimeout: clear('clearTimeout'), clearInterval: clear('clearInterval'),
  fire(id) {
    const timer = timers.get(id);
    if (!timer) return;
    if (!timer.repeat) timers.delete(id);
    try { apply(timer.work, undefined, timer.args); } catch (error) { emit('"uncaught",' + describe(error)); }
  },
};
}
