const before = form.锁定;
const answer = await $proxy('erp').reserve(form.主料, 10);
if (answer?.code !== 0) throw new Error(answer?.message);
form.锁定 = [...before, answer.data.sku];
