const answer = await $proxy('erp').$api('get_supplier').$path({ id: form.供应商编号 }).$call();
if (!answer || answer.code !== 0) throw new Error('查不到供应商');
const account = answer.data.bank.account;
form.账号尾号 = account.slice(-4);
