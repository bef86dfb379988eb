const made = await $proxy('erp').create_order(form.客户编号, form.金额);
form.订单号 = made.data.id;
console.log('建单成功', made.data.id);
