const made = await $proxy('erp').$api('create_order').$body({
  customer: form.客户编号,
  amount: form.金额,
  remark: undefined,
}).$call();
form.订单号 = made.data.id;
