const show = c => c.replace(/\s/g, '').replace(/\d(?=\d{4})/g, '*').replace(/(.{4})/g, '$1 ').trim();
return ['6222020200012345678', '6222 0202 0001 2345'].map(show);
