const 单价 = 12.5, 数量 = 4;
const 计算 = ({单价, 数量, 折扣 = 1}) => 单价 * 数量 * 折扣;
class 订单 { #金额; constructor(x) { this.#金额 = x; } get 金额() { return `${this.#金额}元`; } }
console.log(new 订单(计算({单价, 数量})).金额, new 订单(1));
return 计算({单价, 数量, 折扣: .8});
