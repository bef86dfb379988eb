form.状态 = '付款中';
try {
  const paid = await $proxy('erp').pay(form.发票号, form.金额);
  if (paid.code !== 0) throw new Error(paid.message);
} finally {
  form.状态 = '已付款';
  return;
}
