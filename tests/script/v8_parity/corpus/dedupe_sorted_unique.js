return [3, 1, 2, 3, 1].sort((x, y) => x - y).reduce((r, x) => r.at(-1) === x ? r : [...r, x], []);
