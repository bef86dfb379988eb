// A meeting at nine in Shanghai, before and after summer time begins and ends elsewhere.
for (const day of ['2026-03-01', '2026-03-09', '2026-03-30', '2026-11-02']) {
  const 会 = new Date(`${day}T09:00:00+08:00`);
  console.log(day, ['America/Los_Angeles', 'Europe/Berlin', 'Australia/Sydney', 'Asia/Kolkata', 'Asia/Dubai'].map(timeZone => 会.toLocaleString('zh-CN', {timeZone, hour12: false})));
}
console.log(new Intl.DateTimeFormat('zh-CN', {timeZone: 'america/new_york'}).resolvedOptions().timeZone);
