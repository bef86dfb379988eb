const attempt = (f, n) => f().catch(e => n > 1 ? attempt(f, n - 1) : Promise.reject(e));
let c = 0;
return attempt(() => ++c < 4 ? Promise.reject(new Error('再来')) : Promise.resolve(c), 5);
