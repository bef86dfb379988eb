// The way language models find the date of another place.
const 当地 = (date, timeZone) => {
  const parts = new Intl.DateTimeFormat('en-US', {timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false}).formatToParts(date);
  const o = Object.fromEntries(parts.filter(p => p.type !== 'literal').map(p => [p.type, p.value]));
  return `${o.year}-${o.month}-${o.day} ${o.hour}:${o.minute}:${o.second}`;
};
for (const zone of ['Asia/Shanghai', 'America/New_York', 'Europe/London', 'UTC']) console.log(zone, 当地(new Date('2026-03-08T07:30:00Z'), zone));
const 中 = new Intl.DateTimeFormat('zh-CN', {dateStyle: 'full'});
console.log(中.format(new Date(0)), 中.formatToParts(new Date(0)).map(({type, value}) => `${type}=${value}`).join(' '));
console.log(new Intl.NumberFormat('zh-CN', {style: 'currency', currency: 'CNY'}).formatToParts(-1234567.5));
