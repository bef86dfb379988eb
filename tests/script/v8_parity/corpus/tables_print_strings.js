console.log(['it\'s', "say \"hi\"", `both ' and "`, 'line\nbreak', 'tab\t', '\u0007', '\\', '中文', '😀', '\ud800']);
console.log('it\'s', ['多行\n文字'.repeat(10)], {k: 'a\nb'.repeat(20)});
console.log('%s|%d|%i|%f|%j|%o|%%|%c|%x', '张', '42', 3.9, '2.5x', {a: [1]}, [1], 'css', 'rest', {b: 2});
console.log('%s', {a: {b: 1}}, '100%', 5); console.log('%d', 10n, 'x'); console.log('单个%s'); console.log('a', 'b%s', 'c');
