// 用印归档办完：通知申请人
const notice = await $proxy('qywx', { caller: '合同会审' })
  .sendTextMessage(form.申请人, `合同“${ctx.project.name}”已用印归档`);
form.已通知 = notice.errcode === 0;
