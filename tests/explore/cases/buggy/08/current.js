let current;
async function load(id) {
  const answer = $proxy('crm_system').getCustomerDetail(id);
  current = (await answer).data ?? {};
  const again = await $proxy('crm_system').getCustomerDetail(id); // 核对一次
  if (again.code !== 200) throw new Error(again.message);
}
