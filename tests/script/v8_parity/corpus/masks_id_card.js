const mask = s => s.replace(/^(.{6}).+(.{4})$/, (_, a, b) => a + '*'.repeat(s.length - 10) + b);
return ['11010119900307123X', '110101900307123', '短'].map(mask);
