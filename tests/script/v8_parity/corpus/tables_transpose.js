const t = m => m[0].map((_, i) => m.map(r => r[i]));
console.log(t([[1, 2, 3], [4, 5, 6]]));
return t([['a'], ['b']]);
