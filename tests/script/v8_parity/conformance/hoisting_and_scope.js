const r = [typeof 提升, typeof 后面, 声明()];
function 声明() { return '声明'; }
var 提升 = 1;
var 后面 = function () {};
try { 死区; let 死区 = 1 } catch (e) { r.push(e.name) }
{ function 块内() { return '块'; } }
r.push(块内(), typeof globalThis, typeof arguments, this === undefined);
(function () { r.push(this === globalThis || typeof this, arguments.length, (() => arguments[0])()); })('参');
const f = function 名(n) { return n ? n * 名(n - 1) : 1; };
r.push(f(5), f.name, f.length, ((a, b = 1, ...c) => 0).length);
var x = 'v'; { let x = 'l'; r.push(x); } r.push(x);
const 计 = (() => { let n = 0; return {加: () => ++n, get 值() { return n; }}; })();
计.加(); 计.加();
r.push(计.值, typeof null, void 0, (1, 2), eval('1+1'), new Function('a', 'return a * 2')(4));
return r;
