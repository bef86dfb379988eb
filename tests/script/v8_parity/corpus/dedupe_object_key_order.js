const o = {};
for (const k of ['b', '2', 'a', '10', '1', '-1', '01']) o[k] = true;
return Object.keys(o);
