for (const invoice of form.发票) {
  try {
    await $proxy('erp').pay(invoice.号, invoice.金额);
  } catch (error) {
    continue;
  }
}
form.$message = { type: 'success', text: '全部付清' };
