const map = {零: 0, 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9}, unit = {十: 10, 百: 100, 千: 1000, 万: 1e4};
function parse(s) { let total = 0, part = 0, n = 0; for (const c of s) { if (c in map) n = map[c]; else if (c === '万') { total += (part + n) * 1e4; part = n = 0; } else { part += (n || 1) * unit[c]; n = 0; } } return total + part + n; }
return ['十二', '一百零五', '三千二百', '两万零八', '十万'].map(parse);
