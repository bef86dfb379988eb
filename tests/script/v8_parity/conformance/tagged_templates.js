const 标签 = (串, ...值) => 串.raw.map((s, i) => s + (值[i] === undefined ? '' : `<${值[i]}>`)).join('');
const cached = () => (s => s)``;
const sql = (s, ...v) => ({text: s.join('?'), values: v});
const id = '12345', 嵌 = `外${`内${id}`}`;
return [标签`客户\n${id}等级${'VIP'}`, String.raw`C:\新\t${1 + 1}`, sql`select * from 客户 where id = ${id} and 级别 in (${['A', 'B']})`, 嵌,
  cached() === cached(), `多
行`, `${[1, [2, 3]]}`, `${{toString: () => '对象'}}`, ((s) => s.length)`${1}${2}`, (s => Object.isFrozen(s))`x`, (s => s[0])`\u{bad}` === undefined];
