// 销售订单提交：一个脚本，各种写法都有
const crm = $proxy('crm', {caller: form.来源.渠道});
const client = await crm.getCustomer(form.客户编号, 'VIP');
const {name, address: {city: 城市}, level} = client;
const {备注} = form;
const list = client.items.filter(item => item.state === 'open' && item.owner);
if (client.then || client.stack || client.finally || client.catch || client.message) 补(client.toString);
补(window.订单.编号, Math.PI.x, client.a.b.c, client.run(), client.$raw, client['键'].值);
client.次数++;
client.标记 = typeof client.旧标记;
function 汇总(Math, 行) { return Math.合计 + 行.length; }
console.log(client.记录, 补('日志'), list.map(item => item.单价 || 0));
$proxy('erp', {caller: 补('渠道', client.来路)});
// ---- 写字段
form.金额 = client.amount;
form.金额 = client.amount;
form.折扣 = form.折扣;
form.合计 += client.运费;
form.明细[0].数量 = '';
const 双写 = form.甲 = form.乙 = 'x1';
form.$required.发票 = true;
form.$visible.附件 = client.hasFiles === true && !form.隐藏;
form.$options = {城市: [client.city], 等级: ['甲']};
form.$readonly = {金额: true};
form.$message = {type: 'error', text: '额度不足'};
form.$message = '已提交';
form.$message = `已提交 ${name}`;
form.$message = {type: 'info'};
ctx.project.阶段 = '审核';
ctx.user.姓名 = '张三';
const 行 = {编号: 1, name, 子: {数量: 2}};
行.单价 = client.price;
行.子.折 = 3;
const 旧 = 行.状态 = '新';
this.总数 = 4;
// ---- 调用
let 草稿 = {客户: client.id, name, 行: [{货号: client.sku}]};
await crm.createOrder(草稿, {备注: '加急', 空: '', 金额: client.amount * 2, 是: true, 无: undefined});
草稿 = null;
await crm.updateOrder(草稿);
const {正文} = {正文: {款: '现结'}}, 抬头 = {发票: '普票'};
await crm.saveTitle(正文, 抬头);
await crm.$api('send_mail').$header({'X-单号': form.编号}).$query({页: '1'}).$path({id: 7}).$body(抬头).$timeout('9').$call();
await crm.refresh();
const 结果 = await crm.refresh();
crm.ping();
核对('甲', '甲', form.乙, () => 1, ...list);
核对({键: '值', 内: {深: '底'}, 数: 1}, ['串']);
parseInt('12', 10);
const 串 = client.text.replace('a', '').slice(0, 10).trim().padStart(form.宽);
const 段 = form.编号.split('-', 2), 合 = [client.a].join('、'), 多 = form.编号.replaceAll('/', '-');
到期.setMonth(到期.getMonth() + 1);
到期.setUTCDate(form.日); 到期.setSeconds(form.秒); 到期.resetDate(form.日);
list.forEach(item => item.ok === 1);
list.some(function (item) { if (item.x) { return item.y > 2; } return (item.z); });
list.every(item => item);
list.findLast(item => (function () { return item.内; })());
list.reduce(汇总, item => item.后);
crm.sync().catch(() => {}); crm.sync().catch(error => 补(error)); crm.sync().catch(补);
crm.sync().catch(function () { return 1; });
Object.assign(form, {电话: client.phone, 备注, ...行}, {传真: '无'}); Object.assign(行, {甲: 1});
// ---- 条件
if (true) 补();
if (!(client.code === 200)) 补(); else if (form.甲 && (form.乙 || form.丙)) 补();
if (undefined === form.空) 补();
if (client) 补();
const 好 = client.status === 'ok' || form.强制 === true, 坏 = !(client.status), 大 = form.甲 > form.乙;
const 选 = (form.数 >= 10 && form.类 !== '样品') ? 1 : 2;
switch (true) { case form.数 > 100: 补(); case !client: 补(); }
switch (form.类) { case form.数 > 7: 补(); }
form.启用 && 补(); (form.停用 === null) || 补(); form.默认 ?? 补();
const 值 = form.甲 || '无', 数 = form.数 ?? 0, 定 = '定' || '无', 长 = list.length || 0, 均 = (form.数 / 2) || 0;
list.sort((a, b) => a.序 > b.序 ? 1 : -1); list.toSorted((a, b) => a.序 < b.序 ? 1 : -1);
const 最大 = form.甲 > form.乙 ? form.甲 : form.乙, 绝 = form.甲 < 0 ? -form.甲 : form.甲;
let 顶 = 0; if (form.数 > 顶) { 顶 = form.数; }
if (form.数 > 顶) { 顶 = form.数; 补(); }
if (form.数 > 顶) 顶 = form.数; else 补();
if (form.甲 === 5) return; if (form.甲 !== 5) 补();
// ---- 循环
for (let i = 0; i < list.length; i++) 补(i)
for (const item of list) { 补(item); return; }
for (const item of list) {}
for (const item of list) { if (item.停) break; 补(item); }
外: for (const item of list) { 补(item); }
while (form.次 && form.次 < 3) { 补(); }
while (client.next) 补()
do { 补(); /* 尾 */ } while (form.次);
for (;;) { 补(); break; }
for (;;) { break; 补(); }
// ---- 旁边的写法
补(Math.表.行.列); form.$visible.备注 = false; form.$readonly.备注 = client.锁;
await crm.$api(form.接口).$body(form.甲, form.乙).$call();
批.nocatch(error => 补(error)); crm.sync().catch(() => null);
await crm.saveAll({客户: client, 名: client.name, 行: list});
const 表 = {项: '一'}; 核对(form.甲, ...list); 核对(表); Math.max(1, '2'); JSON.parse('3').slice(4);
structuredClone({键: 6}); list.concat({键: 7}); 行.存(({键: 8})); form.地址 = {街: '长安街'}; form.$hint.地址 = {街: '路'};
while (client.再) 补();
for (const item of list) 补(item);
form.启用 && (form.甲 || form.乙);
list.filter(筛, item => item.甲 && item.乙);
list.filter(item => { const 内 = () => { return item.甲; }; return item.乙; });
const 混 = form.甲 === 1 && form.乙, 皆 = form.甲 === 1 && !form.乙, 非 = !form.甲;
补(client.名?.trim() ?? 1, (form.甲 ?? form.乙) || 0, (form.甲 ?? form.乙) ?? '无', -form.甲 || 0, client.名.trim() || '');
if (form.状 === 1 && form.状 !== 2) 补(); if (form.状 !== 1 || form.状 === 2) 补();
if (form.状 === 1 && /x/.test(form.乙)) 补(); if (form.状 > 3 && form.状 > 5 && form.状 > 4) 补();
if (form.状 === 1) { if (form.状 === 2) 补(); if (form.状 || 补()) 补(form.状 ?? 3); if (form.状 > 1) 补(); }
// ---- 错误
try { await crm.getCustomer('1'); await crm.$api('list_orders').$call(); await crm.getCustomer('2'); await $proxy(form.平台).getA(); }
catch (error) { /* 无 */ form.错误 = error.message; }
try { 补(await crm.getCustomer('3')); } catch { }
try { await crm.getCustomer('4'); } finally { 补(); }
try { 补(async () => { await crm.getCustomer('5'); }); } catch { throw new Error('一个'); }
try { 补(); } catch { await crm.getCustomer('6'); throw new TypeError(`${name}失败`, '次'); }
try { 补(); } catch { return false; }
async function 取() { return (await crm.getCustomer(arguments[0])) || null; }
const 后 = () => { if (form.甲) { 补(); return; } else { return; } };
const 前 = () => { if (form.甲) return; 补(); return true; };
const 中 = item => { return false; }, 尾 = () => { return ''; }, 无 = () => { return undefined; };
const 箭 = item => item.a === 1, 象 = () => ({键: 1, name});
补({键: '象'}); JSON.stringify({键: 2}); list.push({键: 3}); list.concat([{键: 4}]); 行.存({键: 5});
// ---- 每一种值
await crm.saveKinds(补(1), form.甲 ? 1 : 2, await crm.refresh(), `${name}1`, client.a[0], (form.甲), -form.乙, true);
form.每种 = 补(1); form.每种 = form.甲 ? 1 : 2; form.每种 = await crm.refresh(); form.每种 = `${name}1`; form.每种 = client.a[0];
for (;;) { 补(); throw new Error('停'); }
if (form.甲 <= 9) 补(); if (form.停 === false) 补(); if (null === form.停) 补();
if (form.甲 <= form.乙 && form.乙 <= 9) { 补(); } else 补(form.甲 >= 3);
throw new ValidationError('数量不对', '第二');
throw new Failure('不变');
