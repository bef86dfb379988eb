form.可提交 = false;
try {
  const answer = await $proxy('erp').listInvoices(form.客户编号);
  if (answer?.code !== 0 || !Array.isArray(answer.data?.items)) throw new Error(answer?.message ?? '没有内容');
  form.待付 = answer.data.items.map(item => item?.invoice_no);
  form.可提交 = true;
} catch (error) {
  form.待付 = [];
  form.$message = { type: 'error', text: `待付发票没有查到，暂时不能提交：${error.message}` };
}
