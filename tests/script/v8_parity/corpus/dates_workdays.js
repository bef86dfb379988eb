const holidays = new Set(['2026-05-01', '2026-05-04', '2026-05-05']);
let day = new Date('2026-04-29T00:00:00'), left = 5, list = [];
while (left > 0) {
  day = new Date(day.getTime() + 24 * 3600 * 1000);
  const key = day.getFullYear() + '-' + ('0' + (day.getMonth() + 1)).slice(-2) + '-' + ('0' + day.getDate()).slice(-2);
  if (day.getDay() !== 0 && day.getDay() !== 6 && !holidays.has(key)) { left--; list.push(key); }
}
console.log(list);
return list[list.length - 1];
