// 使用示例
const customerId = form.customerId;
const customerInfo = await getCustomerInfo(customerId);
console.log('客户名称:', customerInfo.name);
console.log('联系电话:', customerInfo.phone);
