// Pasted above a script in BPMAX: watches $proxy, form and ctx, and writes what passes as lines.
// Nothing of the script changes: no regular expression runs here (RegExp.$1), no number is drawn,
// no timer is set, and whatever goes wrong in here is kept in here. Printed on one line, so every
// line ends a statement or stands inside one.
{
  const @names@;
  const write = console.log.bind(console), warn = console.warn.bind(console), {stringify} = JSON;
  const mark = Symbol.for('bpmax-sim.capture');
  if (!globalThis[mark]) Object.defineProperty(globalThis, mark, {value: {runs: 0, calls: 0, wrapped: new WeakMap(), secrets: [], isBusy: true}});
  const state = globalThis[mark], {wrapped, secrets} = state;
  /* What an earlier script of the same page has wrapped tells of this one from now on. */
  state.run = {name: Date.now().toString(36) + '-' + ++state.runs, records: 0};
  state.isBusy = true;
  const isObject = value => (typeof value === 'object' && value !== null) || typeof value === 'function';
  const isLetter = c => (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), isUpper = c => c >= 'A' && c <= 'Z', isDigit = c => c >= '0' && c <= '9';

  /* Names that hold a secret, by the words that they end in. */
  const wordsOf = name => {
    const words = [''];
    for (let i = 0; i < name.length; i++) {
      const c = name[i], before = name[i - 1] ?? '', after = name[i + 1] ?? '';
      const isWord = isLetter(c) || isDigit(c) || (c >= '\u4e00' && c <= '\u9fff');
      const isHump = isUpper(c) && ((before && !isUpper(before) && (isLetter(before) || isDigit(before))) || (isUpper(before) && isLetter(after) && !isUpper(after)));
      if (!isWord || isHump) words.push('');
      if (isWord) words[words.length - 1] += c.toLowerCase();
    }
    return words.filter(word => word);
  };
  const trimDigits = word => { let end = word.length; while (end > 1 && isDigit(word[end - 1])) end--; return isDigit(word[0]) ? word : word.slice(0, end); };
  const isSecretName = name => {
    if (name.length > 80) return false;
    if (chinese.some(end => name.endsWith(end))) return true;
    const words = wordsOf(name);
    while (words.length > 1 && (again.includes(words.at(-1)) || isDigit(words.at(-1)[0]))) words.pop();
    if (!words.length) return false;
    words.push(trimDigits(words.pop()));
    if (words.at(-1) === 'token' && pages.includes(words.at(-2))) return false;
    return whole.includes(words.join('')) || [1, 2, 3].some(count => ends.includes(words.slice(-count).join('')));
  };
  const keepSecret = (value, place) => {
    if (value.length >= 6 && !secrets.some(one => one.value === value)) secrets.push({value, place});
    return {$secret: place};
  };
  /* A text without the secrets that were seen, and without those of a query: `?token=…`. */
  const hide = (text, place) => {
    for (const scheme of ['Bearer ', 'Basic ', 'bearer ', 'basic ']) {
      if (text.startsWith(scheme) && text.length > scheme.length + 5) { keepSecret(text.slice(scheme.length), place); }
    }
    for (let at = text.indexOf('='); at >= 0; at = text.indexOf('=', at + 1)) {
      let from = at, to = at + 1;
      while (from > 0 && !'?&;# \n"\''.includes(text[from - 1])) from--;
      while (to < text.length && !'&;# \n"\''.includes(text[to])) to++;
      if (to - at > 6 && isSecretName(text.slice(from, at))) keepSecret(text.slice(at + 1, to), place + '.' + text.slice(from, at));
    }
    for (const one of secrets) text = text.split(one.value).join('<secret ' + one.place + '>');
    return text;
  };
  const tagged = (name, value) => ({$: name, value});
  const plain = (value, place, above = []) => {
    if (typeof value === 'string') return value.length > @longest@ ? tagged('cut', hide(value.slice(0, 1000), place)) : hide(value, place);
    if (value === undefined) return tagged('undefined');
    if (typeof value === 'bigint') return tagged('bigint', '' + value);
    if (typeof value === 'number' && (value !== value || value - value !== 0)) return tagged('number', '' + value);
    if (typeof value === 'function' || typeof value === 'symbol') return tagged(typeof value);
    if (!isObject(value)) return value;
    if (above.includes(value) || above.length > 30) return tagged('cycle');
    if (value instanceof Date) return tagged('date', value.getTime() === value.getTime() ? value.toISOString() : 'Invalid Date');
    if (Array.isArray(value)) return value.map((one, index) => plain(one, place + '[' + index + ']', [...above, value]));
    if (value instanceof Map || value instanceof Set) return tagged(value instanceof Map ? 'map' : 'set', plain([...value], place, [...above, value]));
    if (ArrayBuffer.isView(value)) return tagged('bytes', Array.from(new Uint8Array(value.buffer, value.byteOffset, Math.min(value.byteLength, 4096))));
    const copy = {};
    for (const name of Object.keys(value)) {
      let one; const inner = place + '.' + name;
      try { one = value[name]; } catch { one = undefined; }
      const isHidden = isSecretName(name) && (typeof one === 'string' || typeof one === 'number') && ('' + one).length >= 6;
      Object.defineProperty(copy, name === '$' ? '$$' : name, {value: isHidden ? keepSecret('' + one, inner) : plain(one, inner, [...above, value]), enumerable: true});
    }
    return copy;
  };
  const quietly = work => { try { return work(); } catch { return undefined; } };

  /* One record as numbered pieces; no blank and no mark is inside one, and a sum tells damage. */
  const send = record => quietly(() => {
    if (state.isBusy) return;
    const json = stringify(record), count = ++state.run.records;
    let text = '', sum = 0;
    for (let i = 0; i < json.length; i++) {
      const code = json.charCodeAt(i);
      text += code <= 32 || code === 126 || code === 127 || (code >= 0xd800 && code <= 0xdfff) || code === 0xfeff ? '\\u' + code.toString(16).padStart(4, '0') : json[i];
    }
    for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) >>> 0;
    const pieces = Math.ceil(text.length / @piece@);
    for (let i = 0; i < pieces; i++) write('~bpmax:' + [state.run.name, count, i + 1, pieces, sum.toString(36)].join('.') + ':' + text.slice(i * @piece@, (i + 1) * @piece@) + '~');
  });

  /* form and ctx: what is read and written, and what changed inside a value that was read. */
  const watched = [];
  const flush = () => quietly(() => {
    for (const {of, known} of watched) for (const [name, [value, before]] of known) {
      const now = stringify(plain(value, of + '.' + name));
      if (now !== before) { known.set(name, [value, now]); send({e: 'set', of, name, value: plain(value, of + '.' + name), inside: true}); }
    }
  });
  const isPinned = (target, name) => { const own = Reflect.getOwnPropertyDescriptor(target, name); return own && !own.configurable && !own.writable && !own.get && !own.set; };
  const watch = (of, target) => {
    if (wrapped.has(target)) return wrapped.get(target);
    const known = new Map(), methods = new WeakMap(), last = new Map();
    const note = (e, name, value) => quietly(() => {
      if (state.isBusy) return;
      const told = plain(isSecretName(name) && typeof value === 'string' ? {[name]: value} : value, isSecretName(name) ? of : of + '.' + name);
      const json = stringify(told);
      if (e === 'get' && last.get(name) === json) return;
      last.set(name, json);
      if (typeof value === 'object' && value !== null) known.set(name, [value, json]); else known.delete(name);
      send({e, of, name, value: isSecretName(name) && typeof value === 'string' ? told[name] : told});
    });
    const self = new Proxy(target, {
      get(_, name, receiver) {
        const value = Reflect.get(target, name, receiver === self ? target : receiver);
        if (typeof name !== 'string' || isPinned(target, name) || value === Object.prototype[name]) return value;
        if (typeof value === 'function') {
          if (!methods.has(value)) methods.set(value, new Proxy(value, {apply: (call, owner, args) => Reflect.apply(call, owner === self ? target : owner, args)}));
          return methods.get(value);
        }
        if (of === 'ctx' && name === 'form' && isObject(value)) return watch('form', value);
        note('get', name, value);
        return value;
      },
      set(_, name, value, receiver) {
        const done = Reflect.set(target, name, value, receiver === self ? target : receiver);
        if (typeof name === 'string') { flush(); note('set', name, value); }
        return done;
      },
    });
    watched.push({of, known});
    wrapped.set(target, self);
    wrapped.set(self, self);
    return self;
  };

  /* $proxy: each object of a chain forwards all to the real one; a call is told before and after. */
  const errorOf = error => {
    if (!isObject(error)) return {thrown: plain(error, 'error')};
    const told = plain(error, 'error');
    return {...told, name: '' + error.name, message: hide('' + error.message, 'error.message')};
  };
  const link = (made, said) => {
    const known = wrapped.get(made);
    if (known) { known.said = said; return known.self; }
    const entry = {said}, shape = typeof made === 'function' ? () => {} : Object.create(Reflect.getPrototypeOf(made));
    entry.self = new Proxy(shape, {
      get(_, name) {
        const value = Reflect.get(made, name, made);
        if (typeof value !== 'function') return value;
        const isOther = typeof name !== 'string' || ['then', 'catch', 'finally', 'constructor', 'toString', 'valueOf', 'toJSON', 'hasOwnProperty'].includes(name);
        return isOther ? (...args) => Reflect.apply(value, made, args) : (...args) => perform(entry.said, made, name, value, args);
      },
      apply: (_, owner, args) => Reflect.apply(made, owner, args),
      has: (_, name) => Reflect.has(made, name),
      ownKeys: () => Reflect.ownKeys(made),
      set: (_, name, value) => Reflect.set(made, name, value, made),
      getOwnPropertyDescriptor(_, name) { const own = Reflect.getOwnPropertyDescriptor(made, name); return own && {...own, configurable: true}; },
    });
    wrapped.set(made, entry);
    return entry.self;
  };
  const perform = (said, made, name, value, args) => {
    if (name[0] === '$' && name !== '$call') {
      const next = quietly(() => name === '$api' ? {...said, api: plain(args[0], '$api')} : {...said, steps: [...said.steps, [name.slice(1), plain(args[0], said.platform + '.' + said.api + '.' + name.slice(1))]]});
      const result = Reflect.apply(value, made, args);
      return isObject(result) ? link(result, next ?? said) : result;
    }
    const id = ++state.calls, asked = Date.now();
    flush();
    quietly(() => send({e: 'ask', id, platform: said.platform, options: said.options, at: asked, ...(name === '$call' ? {api: said.api, steps: said.steps} : {api: name, args: args.map((one, index) => plain(one, said.platform + '.' + name + '[' + index + ']'))})}));
    const place = said.platform + '.' + (name === '$call' ? said.api : name);
    const tell = (e, more) => { flush(); quietly(() => send({e, id, ms: Date.now() - asked, ...more()})); };
    let result;
    try { result = Reflect.apply(value, made, args); } catch (error) { tell('throw', () => ({error: errorOf(error)})); throw error; }
    if (isObject(result) && typeof result.then === 'function') {
      return result.then(got => { tell('ok', () => ({value: plain(got, place + '.result')})); return got; }, error => { tell('throw', () => ({error: errorOf(error)})); throw error; });
    }
    tell('ok', () => ({value: plain(result, place + '.result')}));
    return result;
  };
  const start = (_, original) => {
    if (wrapped.has(original)) return original;
    const self = new Proxy(original, {apply(call, owner, args) {
      const made = Reflect.apply(call, owner, args);
      if (!isObject(made) || made instanceof Promise) return made;
      return link(made, quietly(() => ({platform: plain(args[0], '$proxy'), options: plain(args[1] ?? {}, '$proxy.options'), steps: []})) ?? {steps: []});
    }});
    wrapped.set(self, self);
    return self;
  };

  /* Names: assignment first, then globalThis, else somebody has to rename. */
  const bound = {};
  const bind = (name, read, assign, wrap) => quietly(() => {
    const original = read();
    if (!isObject(original)) { bound[name] = 'absent'; return; }
    const self = wrap(name, original), isThere = name in globalThis, before = globalThis[name];
    bound[name] = 'assigned';
    quietly(() => assign(self));
    if (read() === self) return;
    bound[name] = 'globalThis';
    quietly(() => { globalThis[name] = self; });
    if (read() === self) return;
    bound[name] = 'renamed';
    quietly(() => { if (isThere) globalThis[name] = before; else delete globalThis[name]; });
    (globalThis.$captured ??= {})[name] = self;
    warn(@rename@.split('{name}').join(name));
  });
  const source = quietly(() => {
    const text = typeof arguments === 'undefined' ? '' : '' + arguments.callee, end = @end@, at = text.indexOf(end + '\n');
    return at < 0 ? null : text.slice(at + end.length + 1, text.lastIndexOf('}'));
  }) ?? null;
  bind('$proxy', () => typeof $proxy === 'undefined' ? undefined : $proxy, value => { $proxy = value; }, start);
  const views = {form: quietly(() => typeof form === 'undefined' ? undefined : form), ctx: quietly(() => typeof ctx === 'undefined' ? undefined : ctx)};
  bind('form', () => typeof form === 'undefined' ? undefined : form, value => { form = value; }, watch);
  bind('ctx', () => typeof ctx === 'undefined' ? undefined : ctx, value => { ctx = value; }, watch);
  quietly(() => {
    const told = {}, {ctx: flow, form: fields} = views;
    if (isObject(flow) && bound.ctx !== 'absent') for (const name of ['action', 'step_id', 'target_step', 'step', 'userInfo', 'project']) told[name] = plain(flow[name], 'ctx.' + name);
    const values = isObject(fields) && bound.form !== 'absent' ? fields : isObject(flow) ? flow.form : undefined;
    const record = {e: 'begin', version: @version@, at: Date.now(), zone: -new Date().getTimezoneOffset(), bound, ctx: told, form: isObject(values) ? plain(values, 'form') : null, script: source === null ? null : hide(source, 'script')};
    state.isBusy = false;
    send(record);
  });
  state.isBusy = false;
}
