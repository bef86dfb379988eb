// AbortController and AbortSignal with the events that they need (WHATWG DOM), and performance in virtual time.
'use strict';
({shared, define}) => {
const listeners = new WeakMap();
class Event {
  constructor(type, {bubbles = false, cancelable = false} = {}) {
    Object.assign(this, {type: `${type}`, bubbles, cancelable, target: null, currentTarget: null, defaultPrevented: false, timeStamp: performance.now()});
  }
  preventDefault() { this.defaultPrevented = this.cancelable; }
  stopImmediatePropagation() { this.stopped = true; }
}
class EventTarget {
  addEventListener(type, listener, options) {
    if (!listener) return;
    if (!listeners.has(this)) listeners.set(this, []);
    const all = listeners.get(this);
    if (!all.some(one => one.type === type && one.listener === listener)) all.push({type, listener, once: options?.once});
  }
  removeEventListener(type, listener) {
    listeners.set(this, (listeners.get(this) ?? []).filter(one => one.type !== type || one.listener !== listener));
  }
  dispatchEvent(event) {
    event.target = event.currentTarget = this;
    const own = this[`on${event.type}`];
    if (typeof own === 'function') own.call(this, event);
    for (const one of [...listeners.get(this) ?? []]) {
      if (one.type !== event.type || event.stopped) continue;
      if (one.once) this.removeEventListener(one.type, one.listener);
      if (typeof one.listener === 'function') one.listener.call(this, event); else one.listener.handleEvent(event);
    }
    return !event.defaultPrevented;
  }
}
const states = new WeakMap(), SECRET = {};
const aborted = () => new DOMException('This operation was aborted', 'AbortError');
function abort(signal, reason) {
  const state = states.get(signal);
  if (state.aborted) return;
  Object.assign(state, {aborted: true, reason: reason === undefined ? aborted() : reason});
  signal.dispatchEvent(new Event('abort'));
}
class AbortSignal extends EventTarget {
  constructor(secret) {
    if (secret !== SECRET) throw new TypeError('Illegal constructor');
    super();
    define(this, 'onabort', null);
    states.set(this, {aborted: false, reason: undefined});
  }
  get aborted() { return states.get(this).aborted; }
  get reason() { return states.get(this).reason; }
  get [Symbol.toStringTag]() { return 'AbortSignal'; }
  throwIfAborted() { if (this.aborted) throw this.reason; }
  static abort(reason) { const signal = new AbortSignal(SECRET); abort(signal, reason); return signal; }
  static timeout(ms) {
    const signal = new AbortSignal(SECRET);
    setTimeout(() => abort(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms);
    return signal;
  }
  static any(signals) {
    const signal = new AbortSignal(SECRET);
    for (const one of signals) {
      if (one.aborted) { abort(signal, one.reason); break; }
      one.addEventListener('abort', () => abort(signal, one.reason), {once: true});
    }
    return signal;
  }
}
class AbortController {
  #signal = new AbortSignal(SECRET);
  get signal() { return this.#signal; }
  get [Symbol.toStringTag]() { return 'AbortController'; }
  abort(reason) { abort(this.#signal, reason); }
}
const unknown = name => ({[name]() {
  throw new RangeError(`performance.${name} is not simulated: performance has now and timeOrigin, in virtual time`);
}}[name]);
const performance = {
  get timeOrigin() { return shared.start; },
  now() { return shared.now - shared.start; },
  toJSON() { return {timeOrigin: shared.start}; },
  mark: unknown('mark'), measure: unknown('measure'), getEntries: unknown('getEntries'), getEntriesByName: unknown('getEntriesByName'),
};
return {Event, EventTarget, AbortSignal, AbortController, performance};
}
