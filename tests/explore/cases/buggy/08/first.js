await load(form.甲方);
form.甲方电话 = current.phone;
