return Promise.all([1, 2, 3].map(async n => { await null; return n * n; }));
