// 使用链式调用方式
async function getCustomerInfoChain(customerId) {
  const result = await $proxy('crm_system')
    .$api('get_customer_detail')
    .$path({ id: customerId })
    .$query({ fields: 'name,phone,email,address' })
    .$call();
  
  return result.data;
}
