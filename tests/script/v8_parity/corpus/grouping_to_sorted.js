const a = [3, 1, 2];
return [a.toSorted((x, y) => y - x), a, a.toReversed(), a.with(0, 9), a.toSpliced(1, 1)];
