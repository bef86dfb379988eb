const mixin = Base => class extends Base { hello() { return `你好 ${super.hello?.() ?? this.name}`; } };
class A { name = '张三'; static create() { return new this(); } }
const M = mixin(mixin(A));
const Named = class Inner { static who = Inner.name; ['计' + '算'](x = 1, ...rest) { return [x, rest.length, arguments.length]; } };
let thrown;
try { class B extends A { constructor() { } } new B() } catch (e) { thrown = e.name }
return [M.create().hello(), Named.who, new Named().计算(undefined, 2, 3), Named.name, M.name, thrown, typeof A, Object.getOwnPropertyNames(A.prototype)];
