// 采购主管通过：建订单，通知申请人
const order = await $proxy('crm_system', { caller: '采购申请' })
  .$api('create_order')
  .$body({ data: { customer: form.供应商编号, amount: form.合计, remark: ctx.project.name } })
  .$call();
form.采购单号 = order.data.id;
const notice = await $proxy('qywx', { caller: '采购申请' })
  .sendTextMessage('zhangsan', `${ctx.project.name} 已下单，${form.交货日期} 交货`);
form.已通知 = notice.errcode === 0;
