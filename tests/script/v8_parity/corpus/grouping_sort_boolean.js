const a = [{n: 3}, {n: 1}, {n: 2}, {n: 5}, {n: 4}, {n: 0}];
console.log(a.slice().sort((x, y) => x.n > y.n).map(x => x.n), a.slice().sort((x, y) => x.n < y.n).map(x => x.n));
return a.slice().sort((x, y) => x.n > y.n ? 1 : -1).map(x => x.n);
