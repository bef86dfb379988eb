const out = [];
for (const t of ['{', '{"a":1,}', '', 'undefined', "{'a':1}", '01']) { try { JSON.parse(t); out.push('ok'); } catch (e) { out.push(e.name); } }
return out;
