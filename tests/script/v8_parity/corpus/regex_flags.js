const r = /a.c/dgimsuy;
return [r.flags, r.source, String(new RegExp('/', 'g')), /a.c/s.test('a\nc'), /^b/m.test('a\nb'), new RegExp('\\d+').exec('x12').index, /x/.lastIndex];
