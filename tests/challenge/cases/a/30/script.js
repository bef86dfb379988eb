const reason = form.原因 || '申请人撤销';
const off = await $proxy('erp').cancel_order(form.订单号, reason);
form.状态 = off.data.status;
