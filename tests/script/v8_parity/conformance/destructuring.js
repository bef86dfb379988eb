const {data: {客户: {姓名, 电话 = '无', ...其余} = {}, 列表: [首, , 三 = '三', ...尾] = []} = {}, code = 200} =
  {data: {客户: {姓名: '张三', 级别: 'VIP', 城市: '上海'}, 列表: [1, 2, undefined, 4, 5]}};
const f = ({a = 1, b: {c} = {c: 2}} = {}, [d = c, e = d * 2] = []) => [a, c, d, e];
let x = 1, y = 2;
[x, y] = [y, x];
const {[`动态${x}`]: 动态 = '默认', length} = '张三';
const 对象 = {};
({a: 对象.甲, b: [对象.乙]} = {a: 1, b: [2]});
let 错;
try { const {z} = null } catch (e) { 错 = e.name }
for (const [k, {v}] of Object.entries({p: {v: 1}, q: {v: 2}})) console.log(k, v);
return [姓名, 电话, 其余, 首, 三, 尾, code, f(), f({a: 9, b: {c: 3}}, [7]), x, y, 动态, length, 对象, 错];
