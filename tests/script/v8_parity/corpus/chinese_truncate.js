const cut = (s, n) => { let w = 0, out = ''; for (const c of s) { w += /[^\x00-\xff]/.test(c) ? 2 : 1; if (w > n) return out + '…'; out += c; } return out; };
return ['客户名称很长很长', 'short', 'ab中cd文ef', ''].map(s => cut(s, 8));
