// Every function of the engine that a script can reach, as [holder expression, name of the property, kind].
(() => {
  const seen = new Set(), found = [];
  const spelled = key => typeof key === 'symbol' ? key.description : JSON.stringify(key);
  function walk(value, path, depth) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value) || depth > 5) return;
    seen.add(value);
    for (const key of Reflect.ownKeys(value)) {
      const place = Object.getOwnPropertyDescriptor(value, key);
      if (typeof key === 'string' && key.startsWith('_')) continue;
      for (const kind of ['value', 'get', 'set']) {
        if (typeof place[kind] === 'function') found.push([path, spelled(key), kind]);
        if (kind !== 'set') walk(place[kind], `${kind === 'value' ? `${path}[${spelled(key)}]` : `Object.getOwnPropertyDescriptor(${path}, ${spelled(key)}).get`}`, depth + 1);
      }
    }
    walk(Object.getPrototypeOf(value), `Object.getPrototypeOf(${path})`, depth + 1);
  }
  walk(globalThis, 'globalThis', 0);
  const hidden = ['[][Symbol.iterator]()', 'new Map().values()', 'new Set().values()', '"".matchAll(/a/g)', '""[Symbol.iterator]()',
    '(function* () {})()', '(async function* () {})()', '[].values().map(x => x)', 'Iterator.from({next() {}})', '(async () => {})'];
  for (const text of hidden) walk((0, eval)(text), `(${text})`, 0);
  return JSON.stringify(found);
})()
