const days = Number(form.天数) + (form.半天 ? 0.5 : 0);
await $proxy('hr').submit_leave(form.工号, days, form.类型);
form.已提交 = true;
