const q = d => `${d.getFullYear()}年第${'一二三四'[Math.floor(d.getMonth() / 3)]}季度`;
return [0, 3, 6, 11].map(m => q(new Date(2026, m, 15)));
