Array.prototype.last = function () { return this[this.length - 1]; };
const keys = [];
for (const k in ['a', 'b']) keys.push(k);
return [[1, 2].last(), keys];
