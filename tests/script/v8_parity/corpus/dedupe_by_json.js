const seen = {};
return [{a: 1, b: 2}, {b: 2, a: 1}, {a: 1, b: 2}].filter(o => { const k = JSON.stringify(o); return seen[k] ? false : (seen[k] = true); });
