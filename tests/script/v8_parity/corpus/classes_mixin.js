const 可审 = B => class extends B { 审() { this.状态 = '已审'; return this; } };
class 基 {}
console.log(new (可审(基))().审());
return class {}.name + (class 名 {}).name;
