const out = [];
outer: for (let i = 0; i < 5; i++) { for await (const j of [1, 2, 3]) { if (j === 2) continue outer; if (i === 3) break outer; out.push(i * 10 + j); } }
return out;
