form.报销 = form.金额 > form.上限 ? form.上限 : form.金额;
