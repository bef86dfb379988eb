泄漏 = 5;
with ({内: 6}) { var 取 = 内; }
function dup(a, a) { return a; }
const 八进 = 010, 转 = '\101';
const r = [泄漏, typeof globalThis.泄漏, 取, dup(1, 2), 八进, 转, delete globalThis.泄漏];
(function (a) { arguments[0] = '改'; r.push(a); })('原');
undefined = 1;
r.push(undefined === void 0, typeof (function () { return this; })());
label: while (true) break label;
if (true) function f() { return 'if 函数'; }
r.push(typeof f);
return r;
