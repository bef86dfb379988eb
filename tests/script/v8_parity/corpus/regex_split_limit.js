return ['1,2;3 4'.split(/[,;\s]/), 'a1b2'.split(/(\d)/), 'abc'.split(''), ''.split(','), ''.split(''), 'a,b,c'.split(',', 2)];
