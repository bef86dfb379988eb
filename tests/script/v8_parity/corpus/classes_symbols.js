class 集 { constructor(...x) { this.x = x; } *[Symbol.iterator]() { yield* this.x; } get [Symbol.toStringTag]() { return '集'; } [Symbol.toPrimitive](h) { return h === 'number' ? this.x.length : this.x.join('+'); } }
const s = new 集(1, 2);
console.log(s);
return [[...s], `${s}`, +s, String(s), Object.prototype.toString.call(s)];
