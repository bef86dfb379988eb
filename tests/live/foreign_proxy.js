// A `$proxy` of somebody else, for trying what `calibrate` finds. It was written from seed.txt alone,
// by a person who has not seen the script that judges it.
//
//   const $proxy = makeForeignProxy(differences, options)
//
// differences: names of DIFFERENCES that hold; none of them: the behaviour that we read out of the seed.
// options.send: (request) => Promise<{status, headers, text}>; the default is an echo in memory in the
// form of httpbin (`args`, `headers`, `url`, `method`, `data`, `json`); a path that ends in /status/NNN
// answers with that status, /delay/N after N seconds, /text answers text/plain, /empty 204.
// options.apis: {api name: {method, path, parameters: [{name, in}]}}; an unknown API posts to /anything/<api>.

const DIFFERENCES = [
  'query-replaces', // a second $query drops the first
  'body-replaces', // a second $body drops the first
  'setters-mutate', // one builder: two chains from one $api see each other
  'undefined-as-text', // {a: undefined} in $query is a=undefined
  'null-as-empty', // {a: null} in $query is a=
  'arrays-join', // {a: [1, 2]} in $query is a=1,2
  'plus-for-space', // a b in $query is a+b
  'envelope', // {code, message, data}
  'status-resolves', // 404 and 500 do not reject
  'then-calls', // await of a chain without $call() sends it
  // five more, for a second sheet
  'slash-stays', // a/b in $path is two segments
  'headers-by-case', // X-A and x-a are two headers
  'object-is-names', // one object as only argument of a direct call is a bag of parameters
  'no-twins', // get_customer and getCustomer are two names
  'errors-are-plain', // a rejection is {errno, msg}, not an Error
];

function makeForeignProxy(differences = [], options = {}) {
  const has = (name) => differences.includes(name);
  const apis = options.apis || {};
  const instances = options.instances || ['default'];

  const snake = (name) => name.replace(/[A-Z]/g, (letter) => '_' + letter.toLowerCase());
  const find = (name) => {
    if (name in apis) return apis[name];
    if (has('no-twins')) return Object.keys(apis).length ? undefined : { method: 'POST', path: '/anything/' + name };
    const twin = Object.keys(apis).find((key) => snake(key) === snake(name));
    if (twin) return apis[twin];
    return Object.keys(apis).length ? undefined : { method: 'POST', path: '/anything/' + name };
  };

  const encode = (value) => {
    const text = encodeURIComponent(String(value)).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
    return has('plus-for-space') ? text.replace(/%20/g, '+') : text;
  };

  const pairs = (query) => {
    const out = [];
    for (const [key, value] of Object.entries(query)) {
      if (value === undefined) { if (has('undefined-as-text')) out.push([key, 'undefined']); continue; }
      if (value === null) { if (has('null-as-empty')) out.push([key, '']); continue; }
      if (Array.isArray(value)) {
        if (has('arrays-join')) out.push([key, value.join(',')]);
        else value.forEach((one) => out.push([key, one]));
      } else out.push([key, value]);
    }
    return out;
  };

  const fail = (code, text, more = {}) => {
    if (has('errors-are-plain')) return { errno: code, msg: text, ...more };
    return Object.assign(new Error(text), { code, ...more });
  };

  const echo = async (request) => {
    const url = new URL(request.url);
    const delay = /\/delay\/(\d+)$/.exec(url.pathname);
    if (delay) await new Promise((done) => setTimeout(done, delay[1] * 1000));
    const status = /\/status\/(\d+)$/.exec(url.pathname);
    if (url.pathname.endsWith('/empty')) return { status: 204, headers: {}, text: '' };
    if (url.pathname.endsWith('/text')) return { status: 200, headers: { 'content-type': 'text/plain' }, text: 'plain 文本' };
    const args = {};
    for (const [key, value] of url.searchParams) args[key] = key in args ? [].concat(args[key], value) : value;
    let json = null;
    try { json = JSON.parse(request.body); } catch (error) { json = null; }
    const text = JSON.stringify({ args, data: request.body || '', headers: Object.fromEntries(request.headers), json, method: request.method, url: request.url });
    return { status: status ? Number(status[1]) : 200, headers: { 'content-type': 'application/json' }, text };
  };
  const send = options.send || echo;

  async function perform(platform, name, parts) {
    const api = find(name);
    if (!api) throw fail('UNKNOWN_API', `no interface ${name} in ${platform}`);
    let path = api.path;
    for (const [key, value] of Object.entries(parts.path)) {
      const text = has('slash-stays') ? encode(value).replace(/%2F/gi, '/') : encode(value);
      path = path.includes(`{${key}}`) ? path.replace(`{${key}}`, text) : path;
    }
    const query = pairs(parts.query).map(([key, value]) => `${encode(key)}=${encode(value)}`).join('&');
    const url = (options.base || 'http://echo.invalid') + path + (query ? '?' + query : '');
    const headers = [...parts.header];
    let body;
    if (parts.body !== undefined) {
      body = typeof parts.body === 'string' ? parts.body : JSON.stringify(parts.body);
      if (typeof parts.body !== 'string') headers.push(['content-type', 'application/json']);
    }
    const response = await send({ method: api.method || 'POST', url, headers, body });
    const isJson = /json/.test(response.headers['content-type'] || '');
    let data = null;
    if (response.text) data = isJson ? JSON.parse(response.text) : response.text;
    const ok = response.status >= 200 && response.status < 300;
    if (!ok && !has('status-resolves'))
      throw fail('HTTP_STATUS', `HTTP ${response.status}`, { status: response.status, response: { status: response.status, body: data } });
    return has('envelope') ? { code: response.status, message: ok ? 'ok' : 'error', data } : data;
  }

  function build(platform, name, parts) {
    const set = (part, value, replaces) => {
      const next = has('setters-mutate') ? parts : { ...parts, header: [...parts.header] };
      if (part === 'header') {
        for (const [key, one] of Object.entries(value)) {
          const same = (other) => (has('headers-by-case') ? other === key : other.toLowerCase() === key.toLowerCase());
          next.header = [...next.header.filter(([other]) => !same(other)), [key, String(one)]];
        }
      } else if (part === 'body') {
        const plain = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
        next.body = plain(value) && plain(next.body) && !replaces ? { ...next.body, ...value } : value;
      } else next[part] = replaces ? { ...value } : { ...next[part], ...value };
      return has('setters-mutate') ? self : build(platform, name, next);
    };
    const self = {
      $path: (value) => set('path', value, false),
      $query: (value) => set('query', value, has('query-replaces')),
      $header: (value) => set('header', value, false),
      $body: (value) => set('body', value, has('body-replaces')),
      $call: () => perform(platform, name, parts),
    };
    if (has('then-calls')) self.then = (done, failed) => perform(platform, name, parts).then(done, failed);
    return self;
  }

  const empty = () => ({ path: {}, query: {}, header: [], body: undefined });

  return function $proxy(platform, settings = {}) {
    if (settings.instance_key && !instances.includes(settings.instance_key)) return new Proxy({}, { get: () => async () => { throw fail('UNKNOWN_INSTANCE', settings.instance_key); } });
    return new Proxy({}, {
      get(target, name) {
        if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
        if (name === '$api') return (api) => build(platform, api, empty());
        return async (...given) => {
          const api = find(name);
          const parts = empty();
          const parameters = (api && api.parameters) || given.map((_, at) => ({ name: 'arg' + (at + 1), in: 'query' }));
          const bag = has('object-is-names') && given.length === 1 && given[0] && typeof given[0] === 'object';
          parameters.forEach((parameter, at) => {
            const value = bag ? given[0][parameter.name] : given[at];
            if (value === undefined) return;
            if (parameter.in === 'body') parts.body = { ...(parts.body || {}), [parameter.name]: value };
            else if (parameter.in === 'header') parts.header.push([parameter.name, String(value)]);
            else parts[parameter.in || 'query'][parameter.name] = value;
          });
          return perform(platform, name, parts);
        };
      },
    });
  };
}

if (typeof module !== 'undefined') module.exports = { makeForeignProxy, DIFFERENCES };
