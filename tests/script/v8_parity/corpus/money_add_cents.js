const 元 = n => Math.round(n * 100);
const items = [0.1, 0.2, 0.7, 19.99, 5.005];
console.log(items.reduce((a, b) => a + b));
return items.map(元).reduce((a, b) => a + b) / 100;
