const mask = n => n.length <= 1 ? n : n.length === 2 ? n[0] + '*' : n[0] + '*'.repeat(n.length - 2) + n.at(-1);
return ['张', '张三', '欧阳娜娜', ''].map(mask);
