// `$proxy` of a BPMAX that is none: `make(quirks)` does what our rules say, but for what *quirks* names.
const make = (...quirks) => {
  const is = name => quirks.includes(name);
  const APIS = {
    echo_read: {method: 'GET', path: '/anything/{id}', query: {preset: '1'}, inputs: [['path', 'id'], ['query', 'tag'], ['header', 'X-Tag']]},
    echo_write: {method: 'POST', path: '/anything/{id}', query: {}, inputs: [['path', 'id'], ['body', 'name'], ['body', 'count']]},
    echo_status: {method: 'GET', path: '/status/{code}', query: {}, inputs: [['path', 'code']]},
    echo_delay: {method: 'GET', path: '/delay/{seconds}', query: {}, inputs: [['path', 'seconds']]},
  };
  const context = {platform_key: 'echo', instance_key: 'default', api: 'x'};
  const fail = (code, more = {}) => { if (is('plain errors')) return {msg: code, errcode: 1}; return Object.assign(new Error(code), {code, ...context, ...more}); };
  const percent = text => encodeURIComponent(text).replace(/[!'()*]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase());
  const inQuery = text => is('plus') ? percent(text).replace(/%20/g, '+') : percent(text);
  const look = name => APIS[name] ?? (is('exact names') ? undefined : APIS[name.replace(/[A-Z]/g, c => '_' + c.toLowerCase())]);
  let last = Promise.resolve();
  const send = async (name, said, options) => {
    const api = look(name);
    if (!api) { if (is('unknown resolves')) return undefined; throw fail('UNKNOWN_API'); }
    if (options.key !== 'echo') throw fail('UNKNOWN_PLATFORM');
    if (options.instance_key || options.instanceKey) throw fail('UNKNOWN_INSTANCE');
    const given = said.path;
    for (const one of Object.keys(given)) if (!api.path.includes('{' + one + '}')) throw fail('UNKNOWN_PARAMETER');
    const path = api.path.replace(/\{(\w+)\}/g, (_, one) => {
      if (is('loose path')) return '' + given[one];
      const value = given[one];
      if (value === undefined || value === null || typeof value === 'object' || value === '.' || value === '..') throw fail('MISSING_PARAMETER');
      return percent('' + value);
    });
    const pairs = [];
    for (const [one, value] of Object.entries(said.query)) {
      if (value === null) { if (is('null text')) pairs.push([one, 'null']); continue; }
      if (Array.isArray(value)) {
        if (is('commas')) pairs.push([one, value.join(',')]);
        else for (const part of value) pairs.push([is('brackets') ? one + '[]' : one, part]);
      } else if (typeof value === 'object') { if (!is('object text')) throw fail('BAD_ARGUMENT'); pairs.push([one, JSON.stringify(value)]); } else pairs.push([one, value]);
    }
    const query = pairs.map(([one, value]) => inQuery(one) + '=' + inQuery('' + value)).join('&');
    const headers = {host: 'echo', 'user-agent': 'fake'};
    for (const [one, value] of Object.entries(said.header)) if (value !== null) headers[one.toLowerCase()] = '' + value;
    if (is('caller') && options.caller) headers['x-caller'] = options.caller;
    let body = '';
    if (said.body !== undefined && !(is('get without body') && api.method === 'GET')) {
      if (is('quotes') || typeof said.body !== 'string') {
        try { body = JSON.stringify(said.body); } catch { throw fail('BAD_ARGUMENT'); }
        if (is('ascii')) body = body.replace(/[^\x00-\x7f]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
        headers['content-type'] ??= 'application/json';
      } else { body = said.body; headers['content-type'] ??= 'text/plain;charset=utf-8'; }
    }
    if (is('templates')) for (const one of Object.keys(headers)) headers[one] = headers[one].replace(/\{\{.*?\}\}/g, '');
    const echo = {method: api.method, url: path + (query && '?' + query), headers, body};
    const wrap = (value, status = 200) => is('envelope') ? {code: status, message: 'OK', data: value} : is('axios') ? {status, headers: {}, data: value} : value;
    const [, kind, number] = /^\/(status|delay)\/(.*)$/.exec(path) ?? [];
    if (kind === 'delay') {
      const seconds = Number(number), most = is('short') ? 10 : 30;
      await new Promise(done => setTimeout(done, Math.min(seconds, most) * 1000));
      if (seconds > most) throw fail('TIMEOUT');
    }
    if (kind === 'status' && Number(number) >= 300 && !is('status resolves')) throw fail('HTTP_STATUS', {status: Number(number), response: {status: Number(number), headers, body: echo}});
    if (kind === 'status' && number === '204') return wrap(is('empty text') ? '' : null, 204);
    return wrap(echo, kind === 'status' ? Number(number) : 200);
  };
  const inTurn = (...call) => { if (!is('in turn')) return send(...call); const next = last.then(() => send(...call)); last = next.catch(() => {}); return next; };
  const bag = value => value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value));
  const copy = value => is('keeps references') || value === undefined || typeof value !== 'object' ? value : structuredClone(value);
  const start = api => ({path: {}, query: {...look(api)?.query}, header: {}, body: undefined});
  const put = (said, kind, value) => {
    if (kind === 'body') {
      if (value === undefined) return said;
      const merges = bag(value) && bag(said.body) && said.body !== undefined && !is('body replaces');
      const deep = (a, b) => { const made = {...a}; for (const [one, inner] of Object.entries(b)) made[one] = bag(inner) && bag(made[one]) && inner && made[one] ? deep(made[one], inner) : inner; return made; };
      return {...said, body: merges ? (is('deep') ? deep(said.body, value) : {...said.body, ...value}) : value};
    }
    const known = is('query replaces') && kind === 'query' ? {} : {...said[kind]};
    for (const [one, inner] of Object.entries(value ?? {})) {
      if (inner === undefined) { if (is('undefined text')) known[one] = 'undefined'; continue; }
      if (kind === 'header') for (const other of Object.keys(known)) if (other.toLowerCase() === one.toLowerCase()) delete known[other];
      known[one] = inner;
    }
    return {...said, [kind]: known};
  };
  const chain = (api, said, options) => {
    const self = {};
    for (const kind of ['path', 'query', 'header', 'body']) self['$' + kind] = value => {
      if (kind !== 'body' && !bag(value)) throw new TypeError('an object, please');
      const next = put(said, kind, is('by reference') || kind !== 'body' ? value : copyBody(value));
      if (is('mutable')) { said = next; return self; }
      return chain(api, next, options);
    };
    self.$call = () => inTurn(api, said, options);
    return self;
  };
  const copyBody = value => { try { return copy(value); } catch { return value; } };
  const $proxy = (key, options = {}) => {
    if (typeof key !== 'string' || !key) throw new TypeError('a key, please');
    if (!bag(options)) throw new TypeError('options, please');
    const all = {...options, key};
    return new Proxy({}, {get: (_, name) => {
      if (typeof name !== 'string' || ['then', 'catch', 'finally', 'toJSON'].includes(name)) return undefined;
      if (name === '$api') return api => { if (!api) throw new TypeError('a name, please'); return chain(api, start(api), all); };
      return async (...args) => {
        let said = start(name);
        const inputs = look(name)?.inputs ?? [];
        if (is('bag') && args.length === 1 && args[0] && typeof args[0] === 'object') {
          for (const [kind, one] of inputs) if (one in args[0]) said = put(said, kind, {[one]: args[0][one]});
          return inTurn(name, said, all);
        }
        if (is('strict arguments') && args.length > inputs.length) throw fail('UNKNOWN_PARAMETER');
        inputs.forEach(([kind, one], at) => { if (args[at] !== undefined) said = put(said, kind, {[one]: args[at]}); });
        return inTurn(name, said, all);
      };
    }});
  };
  return $proxy;
};
