const out = [];
for (const s of ['(', '[a', 'a{2,1}', '*', '\\', '(?<n>a)(?<n>b)']) { try { new RegExp(s); out.push('ok'); } catch (e) { out.push(e.name); } }
return out;
