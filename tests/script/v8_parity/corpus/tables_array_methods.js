const a = [5, 1, 4];
return [a.includes(4), a.indexOf(9), a.every(x => x), a.some(x => x > 4), a.at(-1), a.fill(0, 1, 2), a.copyWithin(0, 2), Array.of(7).concat([8], 9), [1, 2, 3].lastIndexOf(3), Array.from('ab', c => c + c), [3, 2].join('-'), [..."ab"].keys().next().value];
