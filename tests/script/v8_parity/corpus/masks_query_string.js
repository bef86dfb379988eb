const qs = o => Object.keys(o).sort().filter(k => o[k] != null).map(k => `${encodeURIComponent(k)}=${encodeURIComponent(o[k])}`).join('&');
console.log(qs({b: 1, a: '张 三', c: null, d: ''}));
return Object.fromEntries('a=1&b=%E5%BC%A0&c'.split('&').map(p => { const [k, v = ''] = p.split('='); return [k, decodeURIComponent(v)]; }));
