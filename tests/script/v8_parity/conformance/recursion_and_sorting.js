const 快排 = ([p, ...r]) => p === undefined ? [] : [...快排(r.filter(x => x < p)), p, ...快排(r.filter(x => x >= p))];
const 排列 = s => s.length < 2 ? [s] : [...s].flatMap((c, i) => 排列(s.slice(0, i) + s.slice(i + 1)).map(x => c + x));
const 河内 = (n, a, b, c) => n ? 河内(n - 1, a, c, b) + 1 + 河内(n - 1, c, b, a) : 0;
const 大写 = n => { const d = '零壹贰叁肆伍陆柒捌玖', u = ['', '拾', '佰', '仟', '万']; return [...String(n)].reverse().map((c, i) => +c ? d[c] + u[i] : '零').reverse().join('').replace(/零+/g, '零').replace(/零$/, '') + '元整'; };
const 素 = n => { const s = new Uint8Array(n + 1), p = []; for (let i = 2; i <= n; i++) if (!s[i]) { p.push(i); for (let j = i * i; j <= n; j += i) s[j] = 1; } return p; };
const 哈希 = s => [...s].reduce((h, c) => (Math.imul(h, 31) + c.codePointAt(0)) | 0, 7);
return [快排([3, 1, 4, 1, 5, 9, 2, 6]), 排列('abc'), 河内(6, 1, 2, 3), 大写(10203), 素(40), 哈希('合同编号'), [3, 1, 2].sort((a, b) => b - a), ['乙', '甲', '丙'].sort(), [true, false].sort(), [[2, 'b'], [1, 'a']].sort()];
