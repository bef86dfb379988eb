const t = '张三(13800138000)、李四(13900139000)';
console.log(t.match(/(\p{Script=Han}+)\((\d+)\)/u));
return [...t.matchAll(/(\p{Script=Han}+)\((\d+)\)/gu)].map(([, n, p]) => ({n, p}));
