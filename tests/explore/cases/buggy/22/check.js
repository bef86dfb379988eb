const found = await $proxy('crm_system').getCustomerDetail('99999');
form.查询结果 = found?.data ? found.data.name : '没有这个客户';
