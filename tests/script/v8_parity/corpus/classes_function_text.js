const 折扣 = (价, 率 = 0.9) => 价 * 率 ** 2;
class 客户 { 名 = '张三'; 复制(另) { return {...this, ...另}; } }
console.log(`${折扣}`);
console.log(客户.toString(), new 客户().复制('x'));
