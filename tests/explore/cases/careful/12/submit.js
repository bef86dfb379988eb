try {
  const answer = await $proxy('erp').checkCredit(form.客户编号);
  if (answer?.code !== 0 || typeof answer.data?.frozen !== 'boolean') return '信用没有查到，请稍后再提交';
  if (answer.data.frozen) return '客户已冻结';
} catch (error) {
  return `信用没有查到，请稍后再提交（${error.code}）`;
}
