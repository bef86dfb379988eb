// 超过一千元要附件
form.$required = { 附件: form.金额 > 1000 };
