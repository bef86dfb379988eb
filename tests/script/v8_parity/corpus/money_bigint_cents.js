const cents = '9007199254740993.25'.split('.').reduce((a, p, i) => i ? a * 100n + BigInt(p) : BigInt(p), 0n);
console.log(cents, typeof cents, cents / 3n, cents % 3n);
return (cents / 100n).toString() + '.' + (cents % 100n).toString().padStart(2, '0');
