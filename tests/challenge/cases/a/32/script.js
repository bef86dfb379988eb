const found = await $proxy('crm').get_customer(form.客户编号);
const noted = await $proxy('crm').add_visit(form.客户编号, form.纪要, form.登记人);
form.拜访号 = noted.data.id;
form.负责人 = found.data.owner;
