const found = await $proxy('crm_system').getCustomerDetail(form.客户编号);
form.客户 = found.data.name;
