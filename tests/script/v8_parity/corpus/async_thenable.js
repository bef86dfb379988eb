const t = {then(ok) { ok('值'); }};
return [await t, await Promise.resolve(t), await Promise.all([t, 1])];
