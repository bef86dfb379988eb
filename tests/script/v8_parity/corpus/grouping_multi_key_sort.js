const list = [['王', 3], ['李', 3], ['张', 1], ['阿', 3]];
return list.sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0], 'zh')).map(x => x.join(''));
