const answer = await $proxy('erp').getSupplier(form.供应商编号);
if (answer?.code !== 0) throw new Error(`查不到供应商：${answer?.message ?? '没有内容'}`);
const { contact, bank } = answer.data ?? {};
form.联系电话 = contact?.phone ?? '（没有登记）';
form.账号尾号 = bank?.account?.slice(-4) ?? '（没有登记）';
