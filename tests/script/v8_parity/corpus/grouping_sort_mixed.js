return [[3, 'a', null, 10, undefined, '1', true].sort(), ['b', undefined, 'a'].sort((a, b) => a < b ? -1 : 1), [NaN, 1, NaN, 0].sort((a, b) => a - b)];
