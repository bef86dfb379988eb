const 流 = [];
const o = new Proxy({a: 1, b: 2}, {get: (t, k) => (流.push(String(k)), t[k]), ownKeys: t => (流.push('键'), Reflect.ownKeys(t))});
const {a, ...rest} = o;
const c = {...o};
JSON.stringify(o);
for (const k in o) 流.push('in ' + k);
return [a, rest, c, 流];
