// 客户信用等级
const answer = await $proxy('erp').checkCredit(form.客户编号).catch(() => null);
form.信用 = answer?.data?.level ?? 'A';
