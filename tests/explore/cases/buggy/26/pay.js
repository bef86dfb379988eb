try {
  const paid = await retry(() => $proxy('erp').pay(form.发票号, form.金额));
  if (paid?.code !== 0) throw new Error(paid?.message);
  form.付款单 = paid.data.payment_no;
} catch (error) {
  form.$message = { type: 'error', text: `付款失败：${error.message}` };
}
