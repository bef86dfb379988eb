// 身份证、统一社会信用代码、银行卡（Luhn）
const 权 = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const 身份证 = s => /^\d{17}[\dX]$/.test(s) && '10X98765432'[权.reduce((和, w, i) => 和 + w * s[i], 0) % 11] === s[17];
const 码 = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const 信用代码 = s => {
  if (s.length !== 18 || ![...s].every(c => 码.includes(c))) return false;
  let 和 = 0, w = 1;
  for (const c of s.slice(0, 17)) { 和 += 码.indexOf(c) * w; w = w * 3 % 31; }
  return 码[(31 - 和 % 31) % 31] === s[17];
};
const luhn = s => Array.from(s.replace(/\s/g, '')).reverse().map(Number)
  .reduce((sum, d, i) => sum + (i % 2 ? (d *= 2) > 9 ? d - 9 : d : d), 0) % 10 === 0;
const {groups: {年, 月, 日}} = /^\d{6}(?<年>\d{4})(?<月>\d\d)(?<日>\d\d)/u.exec('11010519491231002X');
const 生日 = new Date(+年, 月 - 1, +日);
return [['11010519491231002X', '110105194912310021', '1101051949123100'].map(身份证),
  ['91350100M000100Y43', '91350100M000100Y44', '9135'].map(信用代码),
  ['4111 1111 1111 1111', '6222021234567890123', '0'].map(luhn),
  生日.toDateString(), 生日.getTimezoneOffset(), 'X'.codePointAt(), ['１２'].map(s => s.normalize('NFKC'))];
