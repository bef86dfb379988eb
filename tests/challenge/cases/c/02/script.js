form.可用 = form.余额 < 0 ? 0 : form.余额;
