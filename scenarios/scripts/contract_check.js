// 部门审批前：金额必须为正，客户必须存在
if (!(ctx.form.amount > 0)) {
  return '合同金额必须大于零';
}
await $proxy('crm_system', { caller: '合同审批' }).getCustomerDetail(ctx.form.customerId);
