let n = 0;
async function call() { if (++n < 3) throw new Error('超时' + n); return '成功' + n; }
async function retry(f, times) { for (let i = 1; ; i++) { try { return await f(); } catch (e) { console.log(`第${i}次失败: ${e.message}`); if (i >= times) throw e; } } }
return retry(call, 5);
