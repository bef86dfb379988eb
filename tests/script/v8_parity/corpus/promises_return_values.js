const f = async () => {}, g = async () => { return Promise.resolve(7); };
return [await f(), await g(), f() instanceof Promise, Object.prototype.toString.call(f())];
