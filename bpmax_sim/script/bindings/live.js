// Live objects: what scripts write to form and ctx is queued, what others wrote comes in with a turn.
'use strict';
(shared) => {
const {emit, encode, decode, here, put, live, basics} = shared;
const {isArray, hasOwn, keys, stringify, newMap, newSet, includes, getPrototypeOf, setPrototypeOf, reflectGet, Proxy: NativeProxy, Object: toObject, Object: {prototype: objects},
  Function: {prototype: functions}, Symbol: {hasInstance}, defineProperty, apply} = basics;
// Live objects: form, ctx. A member of one can be another: ctx.form is form.
// Looking for changes inside values costs their whole size. A write looks first, so that what a script does is told in
// its order, until a turn has read so many characters; from then on only calls and the end of the turn look.
const MOST_LOOKED = 2 ** 20;
function look() { if (shared.looked < MOST_LOOKED) flush(); }
// The rows of a table and the like are plain objects; what stands between one and Object.prototype is asked for the names
// alone that the object does not have, so that reads of them are told.
function watchReads(index, path) {
  const absent = newSet(); // each name is told once
  const watcher = new NativeProxy(objects, {__proto__: null, get(_, name, self) {
    if (isMember(name) && !absent.has(name)) {
      absent.add(name);
      emit('"absent",' + index + ',' + stringify(path) + ',' + stringify(name) + ',' + here());
    }
    return reflectGet(objects, name, self);
  }});
  watchers.add(watcher);
  defineProperty(toObject, hasInstance, {__proto__: null, configurable: true, value: isInstance});
  return watcher;
}
const watchers = newSet(), {[hasInstance]: isInstanceOf} = functions;
function isInstance(value) { // a watched object is an Object, too
  return apply(isInstanceOf, this, [value])
    || (this === toObject && typeof value === 'object' && value !== null && watchers.has(getPrototypeOf(value)));
}
const isMember = name => typeof name === 'string' && name !== 'then' && name !== 'toJSON' && !(name in objects);
const isPlain = value => typeof value === 'object' && value !== null && !isArray(value) && getPrototypeOf(value) === objects;
function watch(value, proto) {
  if (isPlain(value)) setPrototypeOf(value, proto);
  else if (isArray(value)) for (let i = 0; i < value.length; i++) if (isPlain(value[i])) setPrototypeOf(value[i], proto);
}
function bind(index, watched) {
  const absent = newSet(); // names that were read and are not there, each told once
  const protos = {__proto__: null}; // a member whose parts are watched -> what they inherit from
  for (let i = 0; i < watched.length; i++) protos[watched[i]] = null;
  const target = {}, held = newMap(); // a field whose object was handed out -> its text
  const links = {__proto__: null}; // a member that is a live object of its own -> that
  const write = (name, value, place = here()) => {
    const promises = shared.promises, text = encode(value);
    if (shared.promises !== promises || includes(text, '[object Promise]')) {
      emit('"unresolved",' + index + ',' + stringify(name) + ',' + place);
    }
    if (links[name] === undefined) put(target, name, value);
    if (held.has(name)) held.set(name, text);
    emit('"write",' + index + ',' + stringify(name) + ',' + text + ',' + place);
    return true;
  };
  const remove = name => {
    if (hasOwn(target, name)) write(name, undefined);
    held.delete(name);
    return delete target[name];
  };
  const set = (name, value) => {
    const link = links[name];
    return link === undefined || typeof value !== 'object' || value === null || isArray(value) ? write(name, value)
      : replace(link, value, name[0] === '$');
  };
  const proxy = new NativeProxy(target, {
    __proto__: null,
    get(_, name) {
      const link = links[name];
      if (link !== undefined) return link.proxy;
      if (!hasOwn(target, name)) {
        if (isMember(name) && !absent.has(name)) {
          absent.add(name);
          emit('"absent",' + index + ',"",' + stringify(name) + ',' + here());
        }
        return objects[name];
      }
      const value = target[name];
      if (typeof value === 'object' && value !== null && !held.has(name)) held.set(name, encode(value));
      return value;
    },
    set: (_, name, value) => typeof name === 'string' && (look(), set(name, value)),
    defineProperty: (_, name, it) => typeof name === 'string' && hasOwn(it, 'value') && (look(), set(name, it.value)),
    preventExtensions: () => false,
    deleteProperty: (_, name) => links[name] === undefined && (look(), remove(name)),
  });
  const take = (name, value) => {
    if (protos[name] !== undefined) watch(value, protos[name] ??= watchReads(index, name));
    put(target, name, value);
  };
  return {target, held, links, write, remove, take, proxy};
}
function replace(one, value, isPart) { // what is assigned to a member that is a live object becomes its content
  const names = keys(value), before = keys(one.target);
  for (let i = 0; i < names.length; i++) {
    const name = names[i], item = value[name];
    if (!hasOwn(one.target, name) || encode(one.target[name]) !== encode(item)) one.write(name, item);
  }
  if (!isPart) for (let i = 0; i < before.length; i++) if (!hasOwn(value, before[i])) one.remove(before[i]);
  return true;
}
function patch(changes) { // what others wrote since
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i], {target, held, take} = live[change[0]], fields = change[1], gone = change[2], names = keys(fields);
    for (let n = 0; n < gone.length; n++) { delete target[gone[n]]; held.delete(gone[n]); }
    for (let n = 0; n < names.length; n++) { take(names[n], decode(fields[names[n]])); held.delete(names[n]); }
  }
}
function flush() {
  for (let i = 0; i < live.length; i++) {
    const {held, target, write} = live[i];
    held.forEach((before, name) => {
      const text = encode(target[name]);
      shared.looked += text.length;
      if (text !== before) write(name, target[name], '0,0');
    });
  }
}
return {__proto__: null, bind, patch, flush};
}
