// Run once in a live BPMAX: asks an interface that echoes, and writes what came as lines.
// It reads; what may write asks before. After a first call that fails, or one that is refused as
// not logged in, nothing more is sent, so that nobody logs in twice.
await (async () => {
  const names = @names_of_interfaces@, mayWrite = @may_write@, delay = @delay@;
  const write = console.log.bind(console), {stringify} = JSON, secrets = [];
  const state = {run: {name: Date.now().toString(36) + '-1', records: 0}, isBusy: false};
  @console@

  /* Asked with a dialogue where there is one; a flow script on a server has none, and writes nothing. */
  const agree = text => mayWrite ?? quietly(() => typeof confirm === 'function' && confirm(text) === true) ?? false;
  const errorOf = error => {
    if (!isObject(error)) return {thrown: plain(error, 'error')};
    const own = quietly(() => Reflect.ownKeys(error).filter(one => typeof one === 'string')) ?? [];
    const told = {isError: error instanceof Error, own, members: {}};
    for (const name of ['name', 'message', 'code', 'status', 'platform_key', 'instance_key', 'api', 'response']) {
      if (quietly(() => name in error)) told.members[name] = name === 'response' ? shapeOf(error[name]) : plain(error[name], 'error.' + name);
    }
    return told;
  };
  const typeOf = value => value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const shapeOf = value => {
    if (!isObject(value) || Array.isArray(value)) return typeOf(value);
    const shape = {};
    for (const name of Object.keys(value).slice(0, 200)) shape[name] = quietly(() => typeOf(value[name])) ?? 'throws';
    return shape;
  };

  let why = '', count = 0;
  const probe = async (name, work, asks = '') => {
    if (why) { send({e: 'probe', name, skipped: why}); return undefined; }
    if (asks && !agree(asks)) { send({e: 'probe', name, skipped: 'refused'}); return undefined; }
    const start = Date.now(), tell = (end, more) => { count++; send({e: 'probe', name, end, ms: Date.now() - start, ...more}); };
    let promise;
    try { promise = work(); } catch (error) { tell('threw', {error: errorOf(error)}); return undefined; }
    try {
      const value = await promise;
      tell('resolved', {value: plain(value, name)});
      return value;
    } catch (error) {
      const told = errorOf(error), status = told.members?.status ?? told.members?.response?.status;
      tell('rejected', {error: told});
      if (name === 'first' || status === 401 || status === 403 || told.members?.code === 'AUTH_FAILED') why = 'stopped';
      return undefined;
    }
  };
  const key = names.platform, chain = (api = names.read) => $proxy(key).$api(api);
  const read = () => chain().$path({id: '7'}), post = body => chain(names.write).$path({id: '7'}).$body(body).$call();
  const all = async calls => { const told = []; for (const call of calls) told.push(await call()); return told; };

  const zone = quietly(() => Intl.DateTimeFormat().resolvedOptions().timeZone) ?? null, year = new Date().getFullYear();
  const stack = quietly(() => '' + new Error('x').stack) ?? '';
  const has = path => quietly(() => path.split('.').reduce((value, name) => value[name], globalThis) !== undefined) ?? false;
  send({
    e: 'begin', version: @version@, kind: 'calibrate', at: Date.now(), zone, offsets: [0, 6].map(month => -new Date(year, month, 1).getTimezoneOffset()),
    engine: {
      agent: quietly(() => typeof navigator === 'object' ? '' + navigator.userAgent : '') ?? '', versions: quietly(() => typeof process === 'object' ? plain(process.versions, 'versions') : null) ?? null,
      stack: stack.includes('    at ') ? 'v8' : stack.includes('@') ? 'gecko' : 'other',
      internal: typeof InternalError, strict: quietly(() => (function () { return this; })() === undefined) ?? null,
      lacks: ['document', 'fetch', 'XMLHttpRequest', 'localStorage', 'setTimeout', 'Intl', 'structuredClone', 'URL', 'URLSearchParams', 'TextEncoder', 'crypto.subtle', 'AbortController', 'Array.prototype.at', 'Array.prototype.findLast', 'Array.prototype.toSorted', 'Object.groupBy', 'Promise.withResolvers', 'Set.prototype.union', 'Array.fromAsync'].filter(path => !has(path)),
    },
    globals: {
      $proxy: quietly(() => typeof $proxy) ?? 'throws',
      form: quietly(() => typeof form === 'undefined' ? null : {type: typeOf(form), members: shapeOf(form)}) ?? null,
      ctx: quietly(() => typeof ctx === 'undefined' ? null : {type: typeOf(ctx), members: shapeOf(ctx), inside: Object.fromEntries(['step', 'userInfo', 'project', 'form'].filter(name => isObject(ctx[name])).map(name => [name, shapeOf(ctx[name])]))}) ?? null,
    },
  });

  await probe('first', () => read().$call());
  await probe('setter_order', () => $proxy(key).$api(names.read).$header({'X-Tag': 'h'}).$query({tag: 'o'}).$path({id: '7'}).$call());
  await probe('chain_value', () => { const a = read().$query({x: '1'}), b = a.$query({x: '2'}), c = a.$header({'X-A': '3'}); return all([() => a.$call(), () => b.$call(), () => c.$call()]); });
  await probe('chain_copies', () => { const said = {x: '1'}, call = read().$query(said); said.x = '2'; return call.$call(); });
  await probe('chain_twice', () => { const call = read().$query({x: '1'}); return all([() => call.$call(), () => call.$call()]); });
  await probe('stored_proxy', () => { const one = $proxy(key); return all([() => one.$api(names.read).$path({id: '1'}).$query({x: '1'}).$call(), () => one.$api(names.read).$path({id: '2'}).$call()]); });
  await probe('merge_path', () => chain().$path({id: '1'}).$path({id: '2'}).$call());
  await probe('merge_query', () => read().$query({a: '1', b: '1'}).$query({b: '2', c: '3'}).$call());
  await probe('merge_header', () => read().$header({'X-A': '1', 'X-B': '1'}).$header({'x-b': '2'}).$call());
  await probe('precedence', () => read().$query({preset: '2'}).$call());
  await probe('keeps_default', () => read().$query({a: '1'}).$call());
  await probe('undefined_default', () => read().$query({preset: undefined}).$call());
  await probe('undefined_query', () => read().$query({a: undefined, b: '1'}).$call());
  await probe('undefined_header', () => read().$header({'X-A': undefined, 'X-B': '1'}).$call());
  await probe('undefined_argument', () => $proxy(key)[names.read]('7', undefined));
  await probe('null_query', () => read().$query({a: null, b: '1'}).$call());
  await probe('null_default', () => read().$query({preset: null}).$call());
  await probe('null_header', () => read().$header({'X-A': null, 'X-B': '1'}).$call());
  await probe('null_path', () => chain().$path({id: null}).$call());
  await probe('path_segment', () => chain().$path({id: 'a/b?c#d e%20张'}).$call());
  await probe('path_dots', () => chain().$path({id: '..'}).$call());
  await probe('path_missing', () => chain().$call());
  await probe('path_unknown', () => read().$path({bpmax_no_such: '1'}).$call());
  await probe('query_array', () => read().$query({a: ['1', '2']}).$call());
  await probe('query_empty_array', () => read().$query({a: [], b: '1'}).$call());
  await probe('query_object', () => read().$query({a: {b: '1'}}).$call());
  await probe('query_numbers', () => read().$query({a: 1, b: true, c: 1.5, d: 1e21, e: false, f: -0, g: ''}).$call());
  await probe('query_encoding', () => read().$query({a: "b c+d&e=f/?:@!'()*,;$[]~%20", '张': '三 😀'}).$call());
  await probe('template', () => read().$query({a: '{{x}}${y}[1,2]{%z%}'}).$header({'X-A': '{{ x }}${y}'}).$call());
  await probe('body_get', () => read().$body({a: '1'}).$call());
  await probe('argument_order', () => $proxy(key)[names.read]('8', 't'));
  await probe('argument_extra', () => $proxy(key)[names.read]('8', 't', 'h', 'more', 'even more'));
  await probe('argument_missing', () => $proxy(key)[names.read]());
  await probe('argument_object', () => $proxy(key)[names.read]({id: '8', tag: 't'}));
  await probe('name_twin', () => { const twin = names.read.includes('_') ? names.read.replace(/_([a-z])/g, (_, c) => c.toUpperCase()) : names.read.replace(/[A-Z]/g, c => '_' + c.toLowerCase()); return all([() => $proxy(key)[twin]('7'), () => $proxy(key).$api(twin).$path({id: '7'}).$call()]); });
  await probe('never_api', async () => { const one = $proxy(key), two = await one; return [isObject(two), typeof one.then, typeof one.catch, typeof one.finally, typeof one.toJSON]; });
  await probe('awaited_chain', async () => { const one = chain(), two = await one; const told = [isObject(two) ? typeof two.$call : 'no chain', quietly(() => typeof two.data) ?? 'threw']; if (isObject(two) && typeof two.$path === 'function') await two.$path({id: '7'}).$call(); return told; });
  await probe('misnamed', () => $proxy(key).$api(names.read).$path({id: '7'}).$params({a: '1'}));
  await probe('bad_type', async () => { const told = []; for (const work of [() => $proxy(), () => $proxy(key, 'x'), () => $proxy(key).$api(''), () => read().$query('x'), () => read().$path('x'), () => read().$header('x')]) { try { work(); told.push('fine'); } catch (error) { told.push('threw'); } } return told; });
  await probe('unknown_api', () => $proxy(key).$api('bpmax_no_such').$call());
  await probe('unknown_platform', () => $proxy('bpmax_no_such').$api(names.read).$path({id: '7'}).$call());
  await probe('unknown_instance', () => $proxy(key, {instance_key: 'bpmax_no_such'}).$api(names.read).$path({id: '7'}).$call());
  await probe('misspelt_option', () => $proxy(key, {instanceKey: 'bpmax_no_such'}).$api(names.read).$path({id: '7'}).$call());
  await probe('caller', async () => { const got = await $proxy(key, {caller: 'bpmax-calibrate'}).$api(names.read).$path({id: '7'}).$call(); return stringify(got).includes('bpmax-calibrate'); });
  await probe('auth_last', async () => { const got = await read().$header({Authorization: 'bpmax-own-value'}).$call(); return stringify(got).includes('bpmax-own-value'); });
  await probe('status', () => chain(names.status).$path({code: '404'}).$call());
  await probe('status_empty', () => chain(names.status).$path({code: '204'}).$call());
  await probe('body_json', () => post({s: '张"\n', t: true, z: null, u: undefined, n: NaN, i: Infinity, f: 1.5, b: 1e21, d: new Date(0), a: [1, undefined], o: {}}), 'bpmax-sim calibrate: POST 1/9');
  await probe('merge_body', () => chain(names.write).$path({id: '7'}).$body({a: '1', n: {x: '1'}}).$body({n: {y: '2'}, b: '2'}).$call(), 'bpmax-sim calibrate: POST 2/9');
  await probe('replace_body', () => chain(names.write).$path({id: '7'}).$body({a: '1'}).$body(['1', '2']).$call(), 'bpmax-sim calibrate: POST 3/9');
  await probe('undefined_body', () => post({a: undefined, b: '1'}), 'bpmax-sim calibrate: POST 4/9');
  await probe('null_body', () => post({a: null, b: '1'}), 'bpmax-sim calibrate: POST 5/9');
  await probe('body_text', () => post('plain 张 {{ x }}'), 'bpmax-sim calibrate: POST 6/9');
  await probe('body_copies', () => { const said = {a: ['1']}, call = chain(names.write).$path({id: '7'}).$body(said); said.a.push('2'); return call.$call(); }, 'bpmax-sim calibrate: POST 7/9');
  await probe('argument_body', () => $proxy(key)[names.write]('8', '张三', 2), 'bpmax-sim calibrate: POST 8/9');
  await probe('body_bigint', () => post({a: 10n}), 'bpmax-sim calibrate: POST 9/9');
  await probe('overlap', async () => {
    const start = Date.now(), one = () => chain(names.delay).$path({seconds: '1'}).$call(), spent = [];
    await Promise.all([1, 2, 3].map(() => one().then(() => spent.push(Date.now() - start))));
    return spent;
  });
  await probe('timeout', () => chain(names.delay).$path({seconds: '' + delay}).$call());
  send({e: 'end', count, why});
  write('bpmax-sim: ' + count + @done@);
})();
