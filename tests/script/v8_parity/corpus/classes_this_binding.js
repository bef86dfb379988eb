const o = {n: 1, f() { return this?.n; }, g: () => typeof this};
const {f} = o;
return [o.f(), (0, o.f)(), f.call({n: 9}), f.bind({n: 8})(), [1].map(o.f, {n: 7})];
