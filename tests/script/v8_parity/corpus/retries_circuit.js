class 断路器 { 失败 = 0; 开 = false; async 调(f) { if (this.开) throw new Error('断开'); try { const r = await f(); this.失败 = 0; return r; } catch (e) { if (++this.失败 >= 2) this.开 = true; throw e; } } }
const c = new 断路器(), out = [];
for (let i = 0; i < 4; i++) await c.调(async () => { throw new Error('坏' + i); }).catch(e => out.push(e.message));
console.log(c);
return out;
