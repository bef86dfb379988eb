let b = 10000;
const rows = [];
for (let y = 1; y <= 5; y++) { b *= 1.0425; rows.push(b.toFixed(2)); }
console.log(rows);
return Math.round(10000 * 1.0425 * 1.0425 * 100) / 100;
