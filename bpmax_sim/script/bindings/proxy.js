// $proxy, direct and chained: a call goes into the outbox, and its promise is settled by Python.
'use strict';
({attempt, callPlace, define, put, emit, encode, flush, here, list, refuse, misnamed, shared, unseen, waiting,
  basics: {Promise: NativePromise, Proxy: NativeProxy, stringify, apply, isArray, defineProperty, getPrototypeOf, hasOwn, freeze, then,
    setPrototypeOf, create, reflectGet, toPrimitive, slice, indexOf, newList, newSet, newWeakMap}}) => {

let serial = 0;
function call(platform, options, api, rest) {
  flush();
  const id = ++serial, place = here(), comma = indexOf(place, ',');
  const promise = new NativePromise((resolve, reject) => waiting.set(id, {resolve, reject}));
  callPlace.set(id, '    at <anonymous> (<input>:' + slice(place, 0, comma) + ':' + slice(place, comma + 1) + ')');
  unseen.add(id);
  numbers.set(promise, id);
  setPrototypeOf(promise, unread);
  if (shared.noted !== shared.drawn) emit('"drew",' + (shared.noted = shared.drawn));
  emit('"call",' + id + ',' + stringify(platform) + ',' + options + ',' + stringify(api) + ',' + rest + ',' + place);
  return watched(promise, id);
}
// A member that no promise has, such as `data`, is the result's: who reads it has forgotten `await`.
const numbers = newWeakMap(), members = NativePromise.prototype;
const unread = new NativeProxy(create(members), {
  __proto__: null,
  get(_, name, self) {
    if (typeof name === 'string' && !NEVER[name] && !(name in members) && numbers.has(self)) {
      emit('"misread",' + numbers.get(self) + ',' + stringify(name) + ',' + here());
    }
    return reflectGet(members, name, self);
  },
});
// It counts as awaited once `await` or Promise.all reads its `constructor`, or its `then` is called;
// what `then` makes of it may be awaited in its stead.
function watched(promise, id) {
  defineProperty(promise, 'constructor', {__proto__: null, configurable: true, get() {
    unseen.delete(id);
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
function valuesByName(pairs) { // of a URLSearchParams; several values of a name are an array
  const named = {__proto__: null};
  for (let i = 0; i < pairs.length; i++) {
    const name = pairs[i][0], known = named[name];
    if (known === undefined) named[name] = pairs[i][1];
    else if (isArray(known)) put(known, known.length, pairs[i][1]);
    else named[name] = [known, pairs[i][1]];
  }
  return named;
}
const NEVER = {__proto__: null, then: true, catch: true, finally: true, toJSON: true, '': true};
const isApi = name => typeof name === 'string' && !NEVER[name] && name[0] !== '$' && name[0] !== '_';
const BARE = {__proto__: null, call: true, path: true, query: true, params: true, header: true, headers: true, body: true, api: true};
const isDollar = name => typeof name === 'string' && name[0] === '$';
const isText = value => typeof value === 'string' && value !== '';
function $proxy(platform, options) {
  const known = {platform, api: ''};
  if (!isText(platform)) refuse('$proxy(platform_key): the key must be a non-empty text', platform, {platform: '', api: ''});
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
      if (name === '$api') return api => start(platform, chosen, api);
      return isApi(name) ? direct(name) : isDollar(name) ? () => misnamed()(name, known, false) : undefined;
    },
  });
}
function start(platform, options, api) {
  if (!isText(api)) refuse('$api(name): the name must be a non-empty text', api, {platform, api: ''});
  return builder({__proto__: null, platform, options, api, place: here(), run: shared.run, up: null, awaited: false, called: false}, '');
}
// A chain is a tree: each setter makes a new builder, which has its own `link` and knows the one above. Until a call on a
// builder or on one made from it, `uncalled` holds the last link of each branch, and those that were awaited.
const uncalled = newSet();
shared.chains = run => {
  const links = newList();
  uncalled.forEach(link => { if (link.run !== run) return; links[links.length] = link; uncalled.delete(link); });
  return list(links, ({platform, api, awaited, place}) => '[' + stringify(platform) + ',' + stringify(api) + ',' + awaited + ',' + place + ']');
};
function builder(link, steps) {
  const {platform, options, api} = link;
  uncalled.add(link);
  const setter = name => values => {
    if (!link.awaited) uncalled.delete(link); // also where it throws: that error is told
    const pairs = name === 'query' ? shared.pairsOf?.(values) : undefined;
    if (pairs) values = valuesByName(pairs);
    if (name !== 'body' && values !== undefined && !bag(values)) {
      refuse(('$' + name + '(values): expected an object of names and values'), values, {platform, api});
    }
    const step = '["' + name + '",' + encode(values, {platform, api}) + ']'; // what is changed later changes nothing
    const next = {__proto__: null, platform, options, api, place: link.place, run: link.run, up: link, awaited: false, called: false};
    return builder(next, steps ? (steps + ',' + step) : step);
  };
  const own = freeze({
    $path: setter('path'), $query: setter('query'), $header: setter('header'), $body: setter('body'),
    $call() {
      for (let one = link; one; one = one.up) { one.called = true; uncalled.delete(one); }
      return call(platform, options, api, ('[' + steps + '],null'));
    },
  });
  return new NativeProxy(own, {
    __proto__: null,
    get(_, name) {
      if (name === 'then' && !link.called) { link.awaited = true; uncalled.add(link); } // as `await` does, and never throws
      if ((!isDollar(name) && !BARE[name]) || hasOwn(own, name)) return own[name];
      return () => { uncalled.delete(link); misnamed()(name, {platform, api}, true); };
    },
  });
}
return {$proxy};
}
