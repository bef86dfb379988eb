class 账户 { #余 = 0; static #数 = 0; 存(n) { this.#余 += n; 账户.#数++; return this; } get 余() { return this.#余; } static 次() { return 账户.#数; } has(o) { return #余 in o; } }
const a = new 账户().存(5).存(6);
console.log(a);
return [a.余, 账户.次(), a.has({}), a.has(a), Object.keys(a)];
