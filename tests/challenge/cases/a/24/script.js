await $proxy('oa').$api('add_todo').$body({
  user: ctx.form.经办人,
  title: `请归档 ${ctx.form.合同号}`,
  due: ctx.form.归档期限,
}).$call();
form.已派 = true;
