form.乙方名称 = await nameOf(form.乙方);
