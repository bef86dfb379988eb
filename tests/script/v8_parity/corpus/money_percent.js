const rate = (a, b) => b === 0 ? '-' : (a / b * 100).toFixed(1) + '%';
return [rate(1, 3), rate(2, 3), rate(5, 0), rate(0, 9), (0.256).toLocaleString('zh-CN', {style: 'percent', maximumFractionDigits: 1})];
