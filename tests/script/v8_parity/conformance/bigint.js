const n = 1234567890123456789n;
return [n + 1n, n * n, -7n / 2n, -7n % 2n, 2n ** 100n, BigInt('0xff'), BigInt.asUintN(8, 257n), BigInt.asIntN(8, 255n), n > 5, 2n == 2, 2n === 2, typeof n, n.toString(16), [3n, 1n, 2n].sort().join(), Number(n), 1n << 70n, ~5n, 5n & 3n, BigInt(Number.MAX_SAFE_INTEGER) + 2n, `${n}`, n ? '真' : '假', 0n ? '真' : '假'];
