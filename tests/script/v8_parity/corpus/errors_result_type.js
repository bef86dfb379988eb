const ok = v => ({ok: true, v}), err = e => ({ok: false, e});
const div = (a, b) => b ? ok(a / b) : err('除零');
console.log(div(1, 2), div(1, 0));
return [div(6, 3), div(1, 0)];
