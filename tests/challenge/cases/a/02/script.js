const { data } = await $proxy('crm').get_customer(form.客户编号);
form.客户 = data.name;
form.开票地址 = data.invoiceAddress;
form.收货地址 = data.address;
