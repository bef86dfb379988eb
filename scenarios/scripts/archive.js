// 合同审批结束：归档，再取回核对
const archive = $proxy('contract_archive', { caller: '合同归档' });
await archive.archiveContract(form.contractNo, {
  合同编号: form.contractNo,
  名称: ctx.project.name,
  金额: form.amount,
});
const kept = await archive.readContract(form.contractNo);
form.archived = kept.名称 === ctx.project.name && kept.金额 === form.amount;
