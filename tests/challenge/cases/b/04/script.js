const made = await $proxy('erp').$api('create_order').$body({ customer: form.客户编号, amount: form.金额 }).$call();
form.订单号 = made.data.id;
await $proxy('oa').send_message(form.申请人, '订单已建');
