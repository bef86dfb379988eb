const g = /a/g;
return [g.test('aba'), g.lastIndex, g.test('aba'), g.lastIndex, g.test('aba'), g.lastIndex, 'aba'.search(g)];
