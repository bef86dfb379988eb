await load(form.乙方);
form.乙方电话 = current.phone;
