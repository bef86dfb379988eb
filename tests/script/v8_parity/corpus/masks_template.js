const render = (t, d) => t.replace(/\{\{\s*([\w\u4e00-\u9fa5.]+)\s*\}\}/g, (m, k) => k.split('.').reduce((o, p) => o?.[p], d) ?? m);
return render('尊敬的{{ 客户.名称 }}，您的订单{{no}}金额{{ 金额 }}元，{{缺}}', {客户: {名称: '张三'}, no: 'A1', 金额: 0});
