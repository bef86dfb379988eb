const rows = Array.from({length: 20}, (_, i) => ({i, g: i % 3}));
return rows.sort((a, b) => a.g - b.g).map(r => r.i).join();
