// 提交前：至少一行明细
if (!form.明细.length) {
  form.$message = { type: 'error', text: '请填写采购明细' };
  return false;
}
