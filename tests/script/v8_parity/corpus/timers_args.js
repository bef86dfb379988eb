return new Promise(r => setTimeout((a, b) => r(a + b), 1, '张', '三'));
