String.prototype.format = function () { const a = arguments; return this.replace(/\{(\d+)\}/g, (m, n) => a[n] !== undefined ? a[n] : m); };
return ['{0}提交了{1}单，{2}'.format('张三', 3), '{{0}}'.format('x')];
