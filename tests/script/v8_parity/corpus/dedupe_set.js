return [...new Set([1, '1', 1, NaN, NaN, null, undefined, null, -0, 0])];
