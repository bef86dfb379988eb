const found = await $proxy('crm_system').getCustomerDetail(form.甲方);
if (found.code !== 200) throw new Error(found.message);
form.备注 = `甲方 ${found.data.name}`;
