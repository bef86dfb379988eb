console.log(new Intl.ListFormat('zh-CN', {type: 'disjunction'}).format(['甲方', '乙方', '丙方']), new Intl.PluralRules('en-US', {type: 'ordinal'}).select(22));
const 前 = new Intl.RelativeTimeFormat('zh-CN', {numeric: 'auto'});
console.log([[-1, 'day'], [0, 'day'], [2, 'week'], [-3, 'month'], [1, 'year']].map(([n, unit]) => 前.format(n, unit)));
