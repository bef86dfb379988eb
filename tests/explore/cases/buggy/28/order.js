if (form.单号) return;
const answer = await $proxy('erp').createOrder('12345', form.物料, form.数量);
if (answer?.code !== 0) throw new Error(answer?.message);
form.单号 = answer.data.order_no;
