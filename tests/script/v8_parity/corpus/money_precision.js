return [0.1 * 3, 1.1 + 2.2, 4.35 * 100, 1.15.toPrecision(2), (1e21 + 1).toString(), 0.1.toString(2).length, Number.EPSILON > 2 ** -53, 1 / 3];
