const bad = new Date('坏');
console.log(bad, String(bad), bad.getTime(), bad.getFullYear(), bad > new Date(0));
try { bad.toISOString(); } catch (e) { console.log(e.name, e.message); }
return JSON.stringify({bad});
