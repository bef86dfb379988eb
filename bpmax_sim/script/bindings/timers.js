// setTimeout and setInterval; Python's scheduler decides when they fire.
'use strict';
({emit, here, refuse, describe}) => {
const timers = new Map();
let last = 0;
const start = (name, repeat) => ({[name](work, delay, ...args) {
  if (typeof work !== 'function') refuse(`${name}(function, delay): expected a function`, work);
  const ms = +delay >= 1 && +delay < 2 ** 31 ? Math.floor(+delay) : 1; // as Node does
  timers.set(++last, {work, args, repeat});
  emit(`"timer",${last},${ms},${repeat},${here()}`);
  return last;
}}[name]);
const clear = name => ({[name](id) { if (timers.delete(id)) emit(`"clear",${id}`); }}[name]);
return {
  setTimeout: start('setTimeout', false), setInterval: start('setInterval', true),
  clearTimeout: clear('clearTimeout'), clearInterval: clear('clearInterval'),
  fire(id) {
    const timer = timers.get(id);
    if (!timer) return;
    if (!timer.repeat) timers.delete(id);
    try { timer.work(...timer.args); } catch (error) { emit(`"uncaught",${describe(error)}`); }
  },
};
}
