const o = {名: '张三', 列表: [1, {a: null}], u: undefined, f() {}, d: new Date(0), n: NaN};
console.log(JSON.stringify(o, null, '\t'));
return JSON.stringify(o, (k, v) => typeof v === 'number' ? String(v) : v) + JSON.stringify(o, ['名', '列表', 'a'], 1);
