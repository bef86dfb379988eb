const a = new Set([1, 2, 3, 4]), b = new Set([3, 4, 5]);
console.log(a, b);
return {交: [...a].filter(x => b.has(x)), 差: [...a].filter(x => !b.has(x)), 并: [...new Set([...a, ...b])]};
