// 通知申请人
await $proxy('qywx').sendTextMessage(form.申请人, '采购申请已下单');
form.已通知 = true;
