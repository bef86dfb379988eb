search(form.客户编号);
