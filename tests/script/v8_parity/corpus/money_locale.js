const list = [1234.5, 0, -9876543.216, 0.1 + 0.2];
for (const n of list) console.log(n.toLocaleString('zh-CN', {style: 'currency', currency: 'CNY'}), n.toLocaleString(), n.toLocaleString('en-US', {style: 'currency', currency: 'USD'}));
