let n = 0;
const next = prefix => `${prefix}${String(++n).padStart(5, '0')}`;
console.log(next('HT'), next('HT'));
return 'HT00012'.replace(/\d+$/, d => String(Number(d) + 1).padStart(d.length, '0'));
