const 单据 = [{号: 'B', 日: '2026-03-02'}, {号: 'A', 日: '2026-01-15'}, {号: 'C', 日: '2025-12-31'}];
单据.sort((x, y) => new Date(x.日) - new Date(y.日));
console.log(单据);
return 单据.map(x => x.号).join('');
