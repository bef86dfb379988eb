form.字数 = String(form.输入).length || 0;
