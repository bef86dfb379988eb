// 选择客户后回填联系人；贵宾客户九折
const info = await getCustomerInfo(form.customerId);
form.customerName = info.name;
form.phone = info.phone;
form.discount = info.level === 'VIP' ? 0.9 : 1;
