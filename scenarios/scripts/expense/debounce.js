// 防抖：停够这么久才做，只做最后一次
function debounce(work, wait) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), wait);
  };
}
const search = debounce(async id => {
  if (!id) return;
  try {
    const found = await $proxy('crm_system', { caller: '费用报销' }).getCustomerDetail(id);
    if (form.客户编号 === id) form.客户 = found.data.name; // 迟到的应答不算
  } catch (error) {
    if (form.客户编号 === id) form.$message = { type: 'error', text: `查不到客户 ${id}：${error.message}` };
  }
}, 300);
