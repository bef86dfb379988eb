return [['乙', '甲'].sort(), 'a' < '中', '中' < '國', ['b', 'A', 'a', 'B'].sort(), ['b', 'A', 'a', 'B'].sort((x, y) => x.localeCompare(y)), [10, 9, 1].sort()];
