const o = {a: {b: null}};
return [o?.a?.b?.c, o.x?.y.z, o.f?.(), o['a']?.['b'], delete o?.a, o.a ?? '默认', 0 || '零', 0 ?? '零', '' || null];
