const first = new Date(2026, 1, 1), rows = [];
for (let i = 0, d = new Date(2026, 1, 1 - first.getDay()); i < 5; i++) {
  rows.push(Array.from({length: 7}, () => { const n = d.getMonth() === 1 ? String(d.getDate()).padStart(2) : '  '; d.setDate(d.getDate() + 1); return n; }).join(' '));
}
console.log('日 一 二 三 四 五 六\n' + rows.join('\n'));
