let latest = 0;
const search = debounce(async id => {
  const mine = ++latest;
  let text;
  try {
    const found = await $proxy('crm_system').getCustomerDetail(id);
    text = found?.code === 200 && found.data ? found.data.name : `查不到客户 ${id}`;
  } catch (error) {
    text = '';
    form.$message = { type: 'error', text: `客户 ${id} 没有查到：${error.message}` };
  }
  if (mine === latest) form.客户 = text;
}, 20);
