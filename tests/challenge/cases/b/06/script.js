try {
  const stock = await $proxy('erp').get_stock(form.物料);
  form.可用 = stock.data.free;
} catch (error) {
  form.$message = { type: 'warning', text: '库存系统没有答复，请手工填写' };
}
