// Pasted above a script in BPMAX: watches $proxy, form and ctx, and writes what passes as lines.
// Nothing of the script changes: no regular expression runs here (RegExp.$1), no number is drawn,
// no timer is set, and whatever goes wrong in here is kept in here. Printed on one line, so every
// line ends a statement or stands inside one.
{
  const write = console.log.bind(console), warn = console.warn.bind(console), {stringify} = JSON;
  const mark = Symbol.for('bpmax-sim.capture');
  if (!globalThis[mark]) Object.defineProperty(globalThis, mark, {value: {runs: 0, calls: 0, wrapped: new WeakMap(), secrets: [], isBusy: true}});
  const state = globalThis[mark], {wrapped, secrets} = state;
  /* What an earlier script of the same page has wrapped tells of this one from now on. */
  state.run = {name: Date.now().toString(36) + '-' + ++state.runs, records: 0};
  state.isBusy = true;
  @console@

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
  /* What a script has written in it: `appSecret: '…'` and the like. */
  const hideLiterals = text => {
    for (let at = 0; at < text.length; at++) {
      const quote = text[at];
      if (quote !== "'" && quote !== '"' && quote !== '`') continue;
      let to = at + 1, back = at - 1;
      while (to < text.length && text[to] !== quote && text[to] !== '\n') to++;
      const isSkipped = c => c === ' ' || c === "'" || c === '"' || c === ':' || c === '=';
      while (back >= 0 && isSkipped(text[back])) back--;
      let from = back;
      while (from >= 0 && (isLetter(text[from]) || isDigit(text[from]) || '_-$'.includes(text[from]) || text[from] > '\u00ff')) from--;
      const name = text.slice(from + 1, back + 1), between = text.slice(back + 1, at), value = text.slice(at + 1, to);
      if (name && (between.includes(':') || between.includes('=')) && value.length >= 6 && isSecretName(name)) keepSecret(value, 'script.' + name);
      for (const scheme of ['Bearer ', 'Basic ']) if (value.startsWith(scheme) && value.length > scheme.length + 5) keepSecret(value.slice(scheme.length), 'script');
      if (value.startsWith('eyJ') && value.split('.').length === 3) keepSecret(value, 'script');
      if (text[to] === quote) at = to;
    }
    return hide(text, 'script');
  };
  bind('$proxy', () => typeof $proxy === 'undefined' ? undefined : $proxy, value => { $proxy = value; }, start);
  const views = {form: quietly(() => typeof form === 'undefined' ? undefined : form), ctx: quietly(() => typeof ctx === 'undefined' ? undefined : ctx)};
  bind('form', () => typeof form === 'undefined' ? undefined : form, value => { form = value; }, watch);
  bind('ctx', () => typeof ctx === 'undefined' ? undefined : ctx, value => { ctx = value; }, watch);
  quietly(() => {
    const told = {}, {ctx: flow, form: fields} = views;
    if (isObject(flow) && bound.ctx !== 'absent') for (const name of ['action', 'step_id', 'target_step', 'step', 'userInfo', 'project']) told[name] = plain(flow[name], 'ctx.' + name);
    const values = isObject(fields) && bound.form !== 'absent' ? fields : isObject(flow) ? flow.form : undefined;
    const record = {e: 'begin', version: @version@, at: Date.now(), zone: -new Date().getTimezoneOffset(), bound, ctx: told, form: isObject(values) ? plain(values, 'form') : null, script: source === null ? null : hideLiterals(source)};
    state.isBusy = false;
    send(record);
  });
  state.isBusy = false;
}
