const g = {};
for (const n of ['张三', '李四', '张飞', '李白', '王五', '张良']) (g[n[0]] ??= []).push(n);
console.log(g);
return Object.keys(g).sort((a, b) => g[b].length - g[a].length || a.localeCompare(b, 'zh-CN'));
