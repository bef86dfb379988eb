form.天数 = Math.max(form.申请天数, form.最少天数);
