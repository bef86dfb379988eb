const out = [];
if (/(\d+)-(\d+)/.exec('单号 2026-0301 号')) out.push(RegExp.$1, RegExp.$2, RegExp.$3, RegExp.lastMatch, RegExp.leftContext, RegExp.rightContext);
'a1b2'.replace(/([a-z])(\d)/g, () => { out.push(RegExp.$1 + RegExp.$2); return ''; });
/没有/.test('x'); out.push(RegExp.$2, RegExp['$&'], RegExp.lastParen);
return out;
