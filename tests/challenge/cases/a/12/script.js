const found = await $proxy('crm').get_customer(form.客户编号);
form.折扣 = found.data.level === 'VIP' ? 0.9 : 1;
