const 表 = `部门,姓名,金额,日期
销售,张三,"1,200.50",2026-01-31
销售,李四,300,2026-02-28
"研发,平台",王五,"9 ""大"" 个",2026-02-29
研发,赵六,,2026-03-01`;
function* 行们(文) {
  let 行 = [], 格 = '', 引 = false;
  for (let i = 0; i < 文.length; i++) {
    const c = 文[i];
    if (引) { if (c === '"' && 文[i + 1] === '"') { 格 += '"'; i++; } else if (c === '"') 引 = false; else 格 += c; }
    else if (c === '"') 引 = true;
    else if (c === ',') { 行.push(格); 格 = ''; }
    else if (c === '\n') { yield [...行, 格]; 行 = []; 格 = ''; }
    else 格 += c;
  }
  yield [...行, 格];
}
const [头, ...身] = 行们(表);
const 数据 = 身.map(行 => Object.fromEntries(行.map((v, i) => [头[i], v])));
const 钱 = s => Number(s.replaceAll(',', '') || NaN);
const 组 = Object.entries(数据.reduce((组, x) => ((组[x.部门.split(",")[0]] ??= []).push(x), 组), {}))
  .map(([部门, 列]) => ({部门, 人: 列.map(x => x.姓名).join('、'), 合计: 列.reduce((s, x) => s + (钱(x.金额) || 0), 0)}))
  .toSorted((a, b) => b.合计 - a.合计 || a.部门.localeCompare(b.部门, 'zh-CN'));
const 宽 = s => [...s].reduce((n, c) => n + (/[\u1100-\uffdc]/u.test(c) ? 2 : 1), 0);
console.log(组.map(({部门, 合计}) => `${部门}${' '.repeat(10 - 宽(部门))}${合计.toFixed(2).padStart(10)}`).join('\n'));
return [数据, 组, 数据.map(x => new Date(x.日期).getMonth()), 数据.at(-1).金额 || '无', structuredClone(组)[0].合计, 数据.findLast(x => x.金额 > 100)?.姓名];
