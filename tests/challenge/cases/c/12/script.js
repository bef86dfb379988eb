if (form.锁定) {
  form.$message = { type: 'error', text: '已锁定' };
  if (form.金额 > 0) return false;
  return false;
}
