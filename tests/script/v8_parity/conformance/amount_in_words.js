// 人民币大写：字符串、循环、正则替换
function 大写(金额) {
  const 数 = '零壹贰叁肆伍陆柒捌玖', 位 = ['', '拾', '佰', '仟'], 段 = ['', '万', '亿', '兆'];
  if (!Number.isFinite(金额)) throw new RangeError(`不是金额：${金额}`);
  const [整, 小 = ''] = Math.abs(金额).toFixed(2).split('.');
  let 文 = '';
  for (let i = 整.length, 组 = 0; i > 0; i -= 4, 组++) {
    const 四位 = 整.slice(Math.max(0, i - 4), i);
    let 字 = [...四位].map((d, k) => d === '0' ? '零' : 数[d] + 位[四位.length - 1 - k]).join('');
    字 = 字.replace(/零+/g, '零').replace(/零$/, '');
    文 = (字 ? 字 + 段[组] : 组 && 文 && !文.startsWith('零') ? '零' : '') + 文;
  }
  文 = 文.replace(/零+/g, '零').replace(/^零(?=.)/, '') || '零';
  const [角, 分] = 小;
  const 尾 = 角 === '0' && 分 === '0' ? '整' : (角 !== '0' ? `${数[角]}角` : '零') + (分 !== '0' ? `${数[分]}分` : '');
  return `${金额 < 0 ? '负' : ''}${文}元${尾}`;
}
const 错 = [];
for (const 值 of [NaN, 1 / 0, '12a' * 1]) { try { 大写(值); } catch ({name, message}) { 错.push(`${name}: ${message}`); } }
return [[0, 1, 10, 105, 1005, 10000, 10010, 100000000, 123456789.5, 0.05, -88.88, 1e12 + 0.1, 20300.07].map(大写), 错];
