const defer = () => { const d = {}; d.promise = new Promise((a, b) => { d.resolve = a; d.reject = b; }); return d; };
const d = defer(); setTimeout(d.resolve, 1, '好');
return d.promise;
