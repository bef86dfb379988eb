const data = [['张', '一月', 3], ['张', '二月', 4], ['李', '一月', 5]];
const cols = [...new Set(data.map(r => r[1]))];
const out = Object.entries(data.reduce((m, [n, c, v]) => { (m[n] = m[n] || {})[c] = v; return m; }, {})).map(([n, v]) => [n, ...cols.map(c => v[c] ?? 0)]);
console.log(cols, out);
return out;
