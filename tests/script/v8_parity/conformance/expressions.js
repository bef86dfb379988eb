// 计算属性：词法分析、优先级、递归下降
const 词法 = /\s*(?:(?<数>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?<名>[\p{L}_$][\p{L}\p{N}_$.]*)|(?<串>'(?:[^'\\]|\\.)*')|(?<符>[<>=!]=|&&|\|\||\?\?|[-+*\/%^(),<>!?:]))/yu;
function 解(文, 境) {
  const 词 = [];
  for (词法.lastIndex = 0; 词法.lastIndex < 文.trimEnd().length;) {
    const 起 = 词法.lastIndex, 果 = 词法.exec(文);
    if (!果) throw new SyntaxError(`第 ${起 + 1} 个字符 ${文[起]} 看不懂`);
    词.push(Object.entries(果.groups).find(([, v]) => v !== undefined));
  }
  let i = 0;
  const 看 = s => 词[i]?.[0] === '符' && 词[i][1] === s, 吃 = s => 看(s) && ++i, 要 = s => { if (!吃(s)) throw new SyntaxError(`要 ${s}，有 ${词[i]?.[1] ?? '结尾'}`); };
  const 级 = [['||', '??'], ['&&'], ['==', '!='], ['<=', '>=', '<', '>'], ['+', '-'], ['*', '/', '%']];
  const 算 = {'||': (a, b) => a || b, '??': (a, b) => a ?? b, '&&': (a, b) => a && b, '==': (a, b) => a === b, '!=': (a, b) => a !== b, '<=': (a, b) => a <= b, '>=': (a, b) => a >= b, '<': (a, b) => a < b, '>': (a, b) => a > b, '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b};
  const 函 = {求和: (...v) => v.flat().reduce((a, b) => a + b, 0), 四舍五入: (v, n = 0) => Math.round(v * 10 ** n) / 10 ** n, 如果: (a, b, c) => a ? b : c, 长度: v => v.length};
  function 原() {
    if (吃('(')) { const v = 式(); 要(')'); return v; }
    if (吃('-')) return -原();
    if (吃('!')) return !原();
    const [类, 值] = 词[i++] ?? ['无'];
    if (类 === '数') return Number(值);
    if (类 === '串') return 值.slice(1, -1).replace(/\\(.)/g, '$1');
    if (类 !== '名') throw new SyntaxError(`要值，有 ${值 ?? '结尾'}`);
    if (!吃('(')) return 值.split('.').reduce((o, k) => o?.[k], 境);
    const 参 = [];
    while (!看(')')) { 参.push(式()); if (!吃(',')) break; }
    要(')');
    return (函[值] ?? (() => { throw new ReferenceError(`没有函数 ${值}`); }))(...参);
  }
  function 层(n) { if (n === 级.length) return 原(); let v = 层(n + 1); for (let 符; (符 = 级[n].find(看));) { i++; v = 算[符](v, 层(n + 1)); } return v; }
  const 式 = () => { const v = 层(0); if (!吃('?')) return v; const a = 式(); 要(':'); const b = 式(); return v ? a : b; };
  const v = 式();
  if (i < 词.length) throw new SyntaxError(`多了 ${词[i][1]}`);
  return v;
}
const 境 = {单价: 19.9, 数量: 3, 客户: {级别: 'VIP', 欠款: 0}, 行: [1, 2, 3.5]};
const 试 = 文 => { try { return 解(文, 境); } catch (e) { return `${e.name}: ${e.message}`; } };
return ['1 + 2 * 3', '(1 + 2) * 3 % 4', '-单价 * 数量', '四舍五入(单价 * 数量 * 0.85, 2)', "客户.级别 == 'VIP' ? '免' : '收'", '客户.欠款 ?? 5', '客户.无.无', '求和(行, 1e2)', "长度('a\\'b')", '!0 && 3 > 2', '1 +', '(1', '1 2', '#', '没有()', "如果(数量 >= 3, '批', '零')", '0.1 + 0.2'].map(试);
