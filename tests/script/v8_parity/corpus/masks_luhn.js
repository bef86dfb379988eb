const ok = s => [...s].reverse().reduce((n, c, i) => { let d = +c; if (i % 2) { d *= 2; if (d > 9) d -= 9; } return n + d; }, 0) % 10 === 0;
return ['4111111111111111', '4111111111111112', '6222020200012345678'].map(ok);
