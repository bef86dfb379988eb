console.log(Array.from({length: 26}, (_, i) => i ** 3));
console.log(Array.from({length: 12}, (_, i) => '第' + (i + 1) + '期'));
console.log(Array.from({length: 120}, (_, i) => i));
console.log([1.5, -2, NaN, 1e21, -0, 3n], ['a'.repeat(100)], 'x'.repeat(3));
