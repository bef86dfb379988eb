form.甲方名称 = await nameOf(form.甲方);
