class 单据 { static 数 = 0; constructor(号) { this.号 = 号; 单据.数++; } 描述() { return `${this.constructor.name}#${this.号}`; } }
class 合同 extends 单据 { constructor(号, 额) { super(号); this.额 = 额; } 描述() { return super.描述() + `(${this.额})`; } }
const c = new 合同('A1', 5);
console.log(c, [c], 合同, 单据.数);
return [c.描述(), c instanceof 单据, Object.getOwnPropertyNames(合同.prototype)];
