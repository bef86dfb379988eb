function Person(n) { if (!(this instanceof Person)) return new Person(n); this.n = n; }
Person.prototype.hi = function () { return '你好' + this.n; };
function Boss(n) { Person.call(this, n); }
Boss.prototype = Object.create(Person.prototype, {constructor: {value: Boss}});
console.log(new Person('张'), new Boss('李'));
return [Person('王').hi(), new Boss('赵').hi(), Object.keys(new Boss('x'))];
