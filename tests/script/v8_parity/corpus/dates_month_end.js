const 月末 = (年, 月) => new Date(年, 月, 0).getDate();
console.log([2023, 2024, 2100].map(y => 月末(y, 2)));
return Array.from({length: 12}, (_, i) => 月末(2026, i + 1)).join(',');
