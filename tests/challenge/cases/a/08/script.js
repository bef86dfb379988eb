const stock = await $proxy('erp').get_stock(form.物料);
form.可用 = stock.data.free;
if (stock.data.free < form.数量) {
  form.$message = { type: 'warning', text: `库存只有 ${stock.data.free}` };
}
