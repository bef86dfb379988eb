// 客户被冻结就不能提交
try {
  const answer = await $proxy('erp').checkCredit(form.客户编号);
  if (answer.data.frozen) return '客户已冻结';
} catch {}
