for (const to of form.抄送) {
  await $proxy('oa').send_message(to, `单据 ${form.单号} 已办结`);
}
form.办结 = true;
