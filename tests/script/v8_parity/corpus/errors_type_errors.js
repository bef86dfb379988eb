const out = [];
for (const f of [() => null.x, () => undefined(), () => (1)(), () => new (() => 1)(), () => { const c = 1; c = 2; }, () => x1, () => 'a'.repeat(-1), () => new Array(-1), () => (1).toFixed(101), () => decodeURIComponent('%'), () => BigInt(1.5), () => 1n + 1, () => Symbol() + '', () => [].reduce((a, b) => a), () => Object.defineProperty(Object.freeze({}), 'a', {value: 1})]) { try { f(); out.push('ok'); } catch (e) { out.push(e.name); } }
return out;
