// 归档：存进对象存储，再取回核对
const archive = $proxy('contract_archive', { caller: '用印归档' });
await archive.archiveContract(form.合同编号, { 合同编号: form.合同编号, 金额: form.金额 });
const kept = await archive.readContract(form.合同编号);
form.已归档 = kept.金额 === form.金额;
