if (form.状态) {
  form.$message = { type: 'warning', text: `${form.状态}，请勿重复付款` };
  return;
}
form.状态 = '付款中';
try {
  const paid = await $proxy('erp').pay(form.发票号, form.金额);
  if (paid?.code !== 0) throw new Error(paid?.message ?? '没有内容');
  form.付款单 = paid.data?.payment_no ?? '';
  form.状态 = '已付款';
} catch (error) {
  form.状态 = '付款结果不明，请到进销存核对';
  form.$message = { type: 'error', text: `付款结果不明：${error.message}` };
}
