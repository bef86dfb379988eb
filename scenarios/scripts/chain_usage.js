// 选择客户后，用页面的链式函数回填
const info = await getCustomerInfoChain(form.customerId);
form.customerName = info.name;
form.phone = info.phone;
form.email = info.email;
form.address = info.address;
return info;
