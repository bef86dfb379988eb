const sent = await $proxy('oa').send_message(form.申请人, '请到前台领取');
if (sent.code !== 0) {
  form.$message = { type: 'warning', text: `通知没有发出：${sent.msg}` };
  return;
}
form.已通知 = true;
