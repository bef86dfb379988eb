const answer = await $proxy('erp').createOrder('12345', form.物料, form.数量);
if (answer?.code !== 0) throw new Error(answer?.message ?? '没有内容');
form.单号 = answer.data?.order_no ?? '（没有单号）';
try {
  const sent = await $proxy('qywx').sendTextMessage(form.申请人, `已下单 ${form.单号}`);
  if (sent?.errcode !== 0) throw new Error(sent?.errmsg ?? '没有内容');
  form.通知 = '已通知';
} catch (error) {
  form.通知 = `没有通知到：${error.message}`;
  console.error('通知失败', error.message);
}
