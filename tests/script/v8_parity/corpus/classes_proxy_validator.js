const p = new Proxy({}, {set(t, k, v) { if (k === '数' && !(v > 0)) throw new RangeError(`${k}无效: ${v}`); t[k] = v; return true; }, get: (t, k) => k in t ? t[k] : `无${String(k)}`});
p.数 = 3;
try { p.数 = -1; } catch (e) { return [p.数, p.别的, e.message]; }
