const found = await $proxy('hr').get_employee(form.工号);
form.姓名 = found.data.name;
form.部门 = found.data.dept?.name ?? '未分配';
