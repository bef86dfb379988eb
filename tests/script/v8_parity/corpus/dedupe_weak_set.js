const ws = new WeakSet(), a = {}, b = {};
return [a, b, a].filter(x => !ws.has(x) && ws.add(x)).length;
