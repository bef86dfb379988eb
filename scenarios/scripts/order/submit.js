// 提交前：大额报价没有说明就拦住
if (form.amount > 50000 && !form.reason) {
  form.$message = { type: 'error', text: '请填写说明后再提交' };
  return false;
}
