const c = new Intl.Collator('zh-CN', {numeric: true});
return ['第10章', '第2章', '第1章', '附录', '第20章'].sort(c.compare);
