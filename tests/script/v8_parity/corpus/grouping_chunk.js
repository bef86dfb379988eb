const chunk = (a, n) => Array.from({length: Math.ceil(a.length / n)}, (_, i) => a.slice(i * n, i * n + n));
console.log(chunk(Array.from({length: 23}, (_, i) => i + 1), 10));
return chunk([...'abcdefg'], 3).map(c => c.join(''));
