const by = (list, f) => list.reduce((m, x) => { (m[f(x)] ||= []).push(x); return m; }, {});
console.log(by([1, 2, 3, 4, 5, 6, 7], n => n % 3 ? '余' : '整'));
return by(['a', 'bb', 'cc', 'd'], s => s.length);
