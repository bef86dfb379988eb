if (!(ctx.form.金额 > 0)) {
  return '合同金额必须大于零';
}
await $proxy('crm').get_customer(ctx.form.客户编号);
