async function nameOf(id) {
  const found = await $proxy('crm_system').getCustomerDetail(id);
  if (found?.code !== 200) throw new Error(`查不到客户 ${id}`);
  return found.data?.name ?? '';
}
