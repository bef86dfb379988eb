// 招待费必须有客户
if (form.类别 === '招待' && !form.客户) {
  form.$message = { type: 'error', text: '招待费请选择客户' };
  return false;
}
