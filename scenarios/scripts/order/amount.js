// 数量、单价或折扣变化：金额 = 数量 × 单价 × 折扣，保留两位小数
form.amount = Math.round(form.quantity * form.unitPrice * form.discount * 100) / 100;
