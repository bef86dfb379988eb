const names = ['张三', '李四', '王五', '赵六', '陈一', '欧阳锋', '阿宝', '重庆', '单雄信'];
console.log([...names].sort());
return [...names].sort((a, b) => a.localeCompare(b, 'zh-CN'));
