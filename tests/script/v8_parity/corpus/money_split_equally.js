function split(total, n) { const c = Math.round(total * 100), each = Math.floor(c / n), rest = c - each * n; return Array.from({length: n}, (_, i) => (each + (i < rest ? 1 : 0)) / 100); }
const parts = split(100, 3);
console.log(parts, split(0.05, 4));
return parts.reduce((a, b) => a + b).toFixed(2);
