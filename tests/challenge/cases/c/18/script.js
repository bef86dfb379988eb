form.余额 = null;
try {
  const left = await $proxy('hr').get_leave(form.工号, '2026');
  form.余额 = left.data.annual;
} catch (error) {
  form.余额 = null;
}
