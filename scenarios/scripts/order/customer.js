// 选择客户：带出名称和折扣，折扣一变，金额随之重算
const customer = await $proxy('crm_system', { caller: '报价单' }).getCustomerDetail(form.customerId);
form.customerName = customer.data.name;
form.discount = customer.data.level === 'VIP' ? 0.9 : 1;
