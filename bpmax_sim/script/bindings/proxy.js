// $proxy, direct and chained: a call goes into the outbox, and its promise is settled by Python.
'use strict';
({attempt, callPlace, define, emit, encode, flush, here, list, refuse, shared, unseen, waiting, primordials: {Promise: NativePromise,
  Proxy: NativeProxy, stringify, apply, isArray, defineProperty, getPrototypeOf, freeze, then, toPrimitive, exec}}) => {

let serial = 0;
function call(platform, options, api, rest) {
  flush();
  const id = ++serial, place = here();
  const promise = new NativePromise((resolve, reject) => waiting.set(id, {resolve, reject})), at = exec(/(.*),(.*)/, place);
  callPlace.set(id, ('    at <anonymous> (<input>:' + at[1] + ':' + at[2] + ')'));
  unseen.add(id);
  emit('"call",' + id + ',' + stringify(platform) + ',' + options + ',' + stringify(api) + ',' + rest + ',' + place);
  return watched(promise, id);
}
// It counts as awaited once `await` or Promise.all reads its `constructor`, or its `then` is called;
// what `then` makes of it may race in its stead.
function watched(promise, id) {
  defineProperty(promise, 'constructor', {__proto__: null, configurable: true, get() {
    unseen.delete(id);
    if (shared.racing) emit('"raced",' + id);
    return NativePromise;
  }});
  define(promise, 'then', function (...handlers) {
    unseen.delete(id);
    return watched(apply(then, this, handlers), id);
  });
  return promise;
}

const bag = value => attempt(() => {
  const proto = typeof value === 'object' && !isArray(value) && getPrototypeOf(value);
  return proto === null || (proto && getPrototypeOf(proto) === null);
}, false);
const NEVER = {__proto__: null, then: true, catch: true, finally: true, toJSON: true, '': true};
const isApi = name => typeof name === 'string' && !NEVER[name] && name[0] !== '$' && name[0] !== '_';
const isText = value => typeof value === 'string' && value !== '';
function $proxy(platform, options) {
  const known = {platform, api: ''};
  if (!isText(platform)) refuse('$proxy(platform_key): the key must be a non-empty text', platform);
  if (options !== undefined && !bag(options)) {
    refuse("$proxy('" + platform + "', options): options must be an object", options, known);
  }
  const check = name => {
    const value = options?.[name];
    if (value !== undefined && !isText(value)) refuse("$proxy('" + platform + "'): " + name + ' must be a non-empty text', value, known);
  };
  check('instance_key');
  check('caller');
  const chosen = encode({...options}, known);
  const direct = api => (...args) => call(platform, chosen, api, ('null,' + (list(args, v => encode(v, {platform, api})))));
  return new NativeProxy(freeze({}), {
    __proto__: null,
    get(_, name) {
      if (name === toPrimitive) return () => "$proxy('" + platform + "')";
      return name === '$api' ? api => start(platform, chosen, api) : isApi(name) ? direct(name) : undefined;
    },
  });
}
function start(platform, options, api) {
  if (!isText(api)) refuse('$api(name): the name must be a non-empty text', api, {platform, api: ''});
  return builder(platform, options, api, '');
}
function builder(platform, options, api, steps) {
  const setter = name => values => {
    if (name !== 'body' && values !== undefined && !bag(values)) {
      refuse(('$' + name + '(values): expected an object of names and values'), values, {platform, api});
    }
    const step = '["' + name + '",' + encode(values, {platform, api}) + ']'; // what is changed later changes nothing
    return builder(platform, options, api, steps ? (steps + ',' + step) : step);
  };
  return freeze({
    $path: setter('path'), $query: setter('query'), $header: setter('header'), $body: setter('body'),
    $call: () => call(platform, options, api, ('[' + steps + '],null')),
  });
}
return {$proxy};
}
