const calls = [];
[3, 1, 2].sort((a, b) => { calls.push([a, b]); return a - b; });
console.log(calls);
return [5, undefined, 3, , 1].sort((a, b) => b - a);
