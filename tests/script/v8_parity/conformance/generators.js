function* 编号(前缀, n = 3) {
  const 收到 = yield `${前缀}-0`;
  for (let i = 1; i < n; i++) yield `${前缀}-${i}${收到 ?? ''}`;
  return '完';
}
function* 外() { try { const r = yield* 编号('A'); yield r; } finally { console.log('收尾'); } }
const g = 外();
const got = [g.next(), g.next('!'), g.next(), g.next(), g.return('止'), g.next()];
const [a, b] = 外();
const fib = function* () { let [x, y] = [0, 1]; for (;;) { yield x; [x, y] = [y, x + y]; } };
const first = [];
for (const v of fib()) { if (v > 50) break; first.push(v); }
let thrown;
try { const t = 外(); t.next(); t.throw(new Error('中断')) } catch (e) { thrown = e.message }
return {got, a, b, first, thrown, all: [...编号('B', 2)]};
