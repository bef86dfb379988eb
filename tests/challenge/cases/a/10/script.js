try {
  const found = await $proxy('crm').get_customer(form.客户编号);
  if (found.code !== 0) throw new Error(found.msg);
  form.客户 = found.data.name;
} catch (error) {
  form.$message = { type: 'error', text: `查询失败：${error.message}` };
}
