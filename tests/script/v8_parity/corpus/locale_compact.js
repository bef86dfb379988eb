const 简 = n => new Intl.NumberFormat('zh-CN', {notation: 'compact', maximumFractionDigits: 1}).format(n);
console.log([999, 9999.6, 12345, 123456789, 1e12].map(简), [1234, 9.99e5, 1e9].map(n => new Intl.NumberFormat('en', {notation: 'compact'}).format(n)));
console.log((12).toLocaleString('zh-CN', {style: 'unit', unit: 'kilometer'}), (3).toLocaleString('en', {style: 'unit', unit: 'day', unitDisplay: 'long'}), new Intl.NumberFormat('zh-CN', {style: 'unit', unit: 'gigabyte'}).format(1.5));
