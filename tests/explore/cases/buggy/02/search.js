const search = debounce(async id => {
  const found = await $proxy('crm_system').getCustomerDetail(id);
  form.客户 = found?.code === 200 ? found.data.name : `查不到：${found?.message}`;
}, 20);
