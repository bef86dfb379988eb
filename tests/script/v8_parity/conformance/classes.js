class 单据 {
  static #计数 = 0;
  #金额;
  static 税率 = 0.13;
  static { 单据.类型 = '基类'; }
  constructor(金额) { this.#金额 = 金额; 单据.#计数++; }
  get 含税() { return Math.round(this.#金额 * (1 + 单据.税率) * 100) / 100; }
  set 金额(值) { if (值 < 0) throw new RangeError('金额不能为负'); this.#金额 = 值; }
  static get 总数() { return 单据.#计数; }
  #私有() { return `#${this.#金额}`; }
  显示() { return this.#私有(); }
  static 是(值) { return #金额 in 值; }
}
class 合同 extends 单据 {
  编号 = 'HT-' + this.含税;
  constructor(...参数) { super(...参数); }
  显示() { return `${this.编号}/${super.显示()}`; }
  get [Symbol.toStringTag]() { return '合同'; }
}
const 一 = new 合同(100);
let 错;
try { 一.金额 = -1 } catch (e) { 错 = `${e.name}: ${e.message}` }
一.金额 = 200;
return [一.显示(), 一.含税, 单据.总数, 合同.类型, 单据.是(一), 单据.是({}), String(一), 错, 一 instanceof 单据, new.target === undefined];
