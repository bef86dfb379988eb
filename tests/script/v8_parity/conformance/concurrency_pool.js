// A pool of three, retries with back-off, a timeout race, cancelling, in the order of virtual time
const 记 = [], 睡 = (ms, 值) => new Promise(好 => setTimeout(好, ms, 值));
async function 池(任务, 宽) {
  const 果 = new Array(任务.length);
  let 下 = 0;
  const 工 = async 名 => { while (下 < 任务.length) { const i = 下++; 记.push(`${名} 取 ${i}`); 果[i] = await 任务[i](); } };
  await Promise.all(Array.from({length: 宽}, (_, k) => 工('甲乙丙'[k])));
  return 果;
}
const 果 = await 池([60, 20, 100, 200, 340].map((ms, i) => () => 睡(ms, i * i)), 3);
let 次 = 0;
const 重试 = async (做, 多少) => {
  for (let i = 0; ; i++) try { return await 做(i); } catch (e) { if (i + 1 >= 多少) throw e; await 睡(20 * 2 ** i); }
};
const 成 = await 重试(async i => { 次++; if (i < 2) throw new Error('忙'); return `第 ${i} 次`; }, 5);
const 败 = await 重试(async () => { 次++; throw new TypeError('坏'); }, 2).catch(e => `${e.name} ${e.message}`);
const 限 = (p, ms) => Promise.race([p, 睡(ms).then(() => { throw new Error(`超过 ${ms} 毫秒`); })]);
const 早 = await 限(睡(20, '早'), 200), 晚 = await 限(睡(300, '晚'), 40).catch(e => e.message);
const 停 = {aborted: false}, 轮 = (async () => { let n = 0; while (!停.aborted) { n++; await 睡(60); } return n; })();
setTimeout(() => { 停.aborted = true; }, 150);
return [记, 果, 成, 败, 次, 早, 晚, await 轮, await Promise.allSettled([睡(1, 1), Promise.reject(2)])];
