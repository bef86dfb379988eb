const parse = s => { const n = parseFloat(String(s).replace(/[¥￥,\s元]/g, '')); return Number.isNaN(n) ? null : n; };
return ['¥1,234.50', '￥ 99', '12元', '', 'abc', null, '1e3', '-5.5元'].map(parse);
