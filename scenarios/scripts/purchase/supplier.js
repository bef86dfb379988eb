// 选择供应商：带出名称
const found = await $proxy('crm_system', { caller: '采购申请' }).getCustomerDetail(form.供应商编号);
form.供应商 = found.data.name;
