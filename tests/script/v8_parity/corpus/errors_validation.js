const rules = [['金额', v => v > 0 || '金额须大于0'], ['客户', v => !!v || '客户必填'], ['日期', v => !isNaN(Date.parse(v)) || '日期无效']];
const check = d => rules.map(([k, f]) => f(d[k])).filter(r => r !== true);
return [check({金额: 0, 日期: 'x'}), check({金额: 1, 客户: '张', 日期: '2026-03-02'})];
