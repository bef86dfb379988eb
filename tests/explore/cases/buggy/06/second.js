const found = await $proxy('crm_system').getCustomerDetail(form.乙方);
if (found.code !== 200) throw new Error(found.message);
form.备注 = `乙方 ${found.data.name}`;
