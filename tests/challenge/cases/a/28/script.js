const year = '2026';
const budget = await $proxy('finance').$api('get_budget').$path({ dept: form.部门 }).$query({
  year: year,
}).$call();
form.可用预算 = budget.data.left;
