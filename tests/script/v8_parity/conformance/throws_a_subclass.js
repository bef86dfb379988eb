class 校验错误 extends Error { constructor(m) { super(m); this.name = '校验错误'; } }
const 校验 = v => { if (!v) throw new 校验错误('必填: 客户'); };
校验('');
