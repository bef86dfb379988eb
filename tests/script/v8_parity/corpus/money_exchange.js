const rates = {USD: 7.1932, HKD: 0.9203, EUR: 7.8211};
const out = Object.entries(rates).map(([c, r]) => ({币种: c, 折合: Number((1000 * r).toFixed(2)), 反算: +(1000 / r).toFixed(4)}));
console.log(out);
console.table(out);
