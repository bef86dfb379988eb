// setTimeout and setInterval, which Python's scheduler fires, and races, often against them.
'use strict';
(shared) => {
const {emit, here, refuse, describe, primordials} = shared, {apply, floor, newMap} = primordials, timers = newMap();
let last = 0;
const start = (name, repeat) => ({[name](work, delay, ...args) {
  if (typeof work !== 'function') refuse((name + '(function, delay): expected a function'), work);
  const ms = +delay >= 1 && +delay < 2 ** 31 ? floor(+delay) : 1; // as Node does
  timers.set(++last, {work, args, repeat});
  emit('"timer",' + last + ',' + ms + ',' + repeat + ',' + here());
  return last;
}}[name]);
const clear = name => ({[name](id) { if (timers.delete(id)) emit('"clear",' + id); }}[name]);
const race = name => {
  const run = primordials[name];
  return {[name](contenders) { // a call that loses was awaited all the same
    shared.racing = true;
    try { return apply(run, this, [contenders]); } finally { shared.racing = false; }
  }}[name];
};
return {
  race: race('race'), any: race('any'),
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
