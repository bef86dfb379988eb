const made = await $proxy('erp').create_order(form.客户编号, form.金额);
form.订单号 = made.data.id;
await $proxy('oa').send_message(form.申请人, '订单已建：' + made.data.id);
