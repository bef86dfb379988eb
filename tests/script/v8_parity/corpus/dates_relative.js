const now = new Date('2026-03-02T09:00:00+08:00').getTime();
function 多久前(ms) {
  const s = Math.floor((now - ms) / 1000);
  if (s < 60) return '刚刚';
  if (s < 3600) return Math.floor(s / 60) + '分钟前';
  if (s < 86400) return Math.floor(s / 3600) + '小时前';
  return Math.floor(s / 86400) + '天前';
}
return [10, 90, 7300, 90000, 864000].map(s => 多久前(now - s * 1000));
