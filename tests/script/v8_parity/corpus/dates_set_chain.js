const d = new Date(0);
d.setFullYear(2026, 1, 29); d.setHours(25, 61, 61, 1001);
return [d.getTime(), d.toString()];
