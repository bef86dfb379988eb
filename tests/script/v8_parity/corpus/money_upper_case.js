function 大写(n) {
  const 数 = '零壹贰叁肆伍陆柒捌玖', 位 = ['', '拾', '佰', '仟'], 段 = ['', '万', '亿'];
  const [整, 小 = ''] = n.toFixed(2).split('.');
  let s = '', zero = false;
  const groups = 整.split('').reverse().join('').match(/\d{1,4}/g).map(g => g.split('').reverse().join('')).reverse();
  groups.forEach((g, gi) => {
    let part = '';
    g.padStart(4, '0').split('').forEach((c, i) => { if (c === '0') zero = part !== '' || s !== ''; else { if (zero) part += '零'; zero = false; part += 数[c] + 位[3 - i]; } });
    if (part) s += part + 段[groups.length - 1 - gi];
  });
  const 角 = 小[0], 分 = 小[1];
  return (s || '零') + '元' + (小 === '00' ? '整' : (角 !== '0' ? 数[角] + '角' : '零') + (分 !== '0' ? 数[分] + '分' : ''));
}
return [0, 1, 10, 1005.5, 100000, 12345678.09, 200000000].map(大写);
