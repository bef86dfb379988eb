const rows = [{a: 1, b: 'x,y'}, {a: null, b: '"q"'}];
const cell = v => v == null ? '' : /[",\n]/.test(v) ? `"${String(v).replace(/"/g, '""')}"` : v;
return [Object.keys(rows[0]).join(), ...rows.map(r => Object.values(r).map(cell).join())].join('\n');
