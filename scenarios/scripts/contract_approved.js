// 财务审批通过：在客户管理系统创建订单，再通知申请人
const order = await $proxy('crm_system', { caller: '合同审批' })
  .$api('create_order')
  .$body({ data: { customer: form.customerId, amount: form.amount, remark: ctx.project.name } })
  .$call();
form.orderId = order.data.id;

const notice = await $proxy('qywx', { caller: '合同审批' })
  .sendTextMessage(form.applicant, `合同“${ctx.project.name}”已通过财务审批`);
form.notified = notice.errcode === 0;
