const inputs = ['2026-03-02', '2026/3/2', '2026-03-02 10:30:00', '2026-03-02T10:30:00Z', 'Mar 2, 2026', '20260302', '2026年3月2日', ''];
for (const text of inputs) {
  const d = new Date(text);
  console.log(text, isNaN(d) ? '无效' : d.toISOString());
}
