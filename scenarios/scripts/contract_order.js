// 财务审批通过：建订单；客户管理系统出错时通知申请人，审批停在原处
const crm = $proxy('crm_system', { caller: '合同审批' });
const qywx = $proxy('qywx', { caller: '合同审批' });
async function notify(text) {
  const sent = await qywx.sendTextMessage(form.applicant, text);
  if (sent?.errcode !== 0) console.error(`通知没有发出（${sent?.errcode}）：${text}`);
}
try {
  const order = await crm
    .$api('create_order')
    .$body({ data: { customer: form.customerId, amount: form.amount } })
    .$call();
  form.orderId = order.data.id;
} catch (error) {
  await notify(`合同“${ctx.project.name}”建单失败（${error.code}），请稍后再批`);
  throw error;
}
await notify(`合同“${ctx.project.name}”已建单`);
