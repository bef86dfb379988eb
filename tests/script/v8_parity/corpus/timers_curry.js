const curry = f => function g(...a) { return a.length >= f.length ? f(...a) : (...b) => g(...a, ...b); };
return [curry((a, b, c) => a + b + c)(1)(2)(3), curry((a, b) => a * b)(3, 4)];
