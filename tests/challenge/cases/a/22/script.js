// 抄送名单里有本部门负责人才提醒
if (form.抄送.indexOf(form.负责人) >= 0) {
  await $proxy('oa').send_message(form.负责人, `有单据抄送给您：${form.单号}`);
  form.已提醒 = true;
}
