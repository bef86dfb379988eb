class 业务错误 extends Error { constructor(m, o) { super(m, o); this.name = '业务错误'; } }
const e = new 业务错误('余额不足', {cause: 5});
return [`${e}`, e.cause, e.stack.split('\n')[0].includes('余额不足'), e instanceof 业务错误, Object.keys(e)];
