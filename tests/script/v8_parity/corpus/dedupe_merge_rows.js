const 新 = [{编码: 'A', 数: 2}, {编码: 'C', 数: 1}], 旧 = [{编码: 'A', 数: 1, 备注: '老'}, {编码: 'B', 数: 5}];
const out = 旧.map(o => ({...o, ...新.find(n => n.编码 === o.编码)})).concat(新.filter(n => !旧.some(o => o.编码 === n.编码)));
console.log(out);
