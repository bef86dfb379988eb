// 打开：类别只能选
form.$options = { 类别: ['差旅', '招待', '办公'] };
form.$required = { 类别: true };
