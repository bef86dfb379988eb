return [[1, [2, [3, [4]]]].flat(), [1, [2, [3]]].flat(Infinity), ['a b', 'c'].flatMap(s => s.split(' ')), [[], [1]].flat().length];
