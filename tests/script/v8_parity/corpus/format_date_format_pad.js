Date.prototype.format = function (format) {
  const args = {'M+': this.getMonth() + 1, 'd+': this.getDate(), 'h+': this.getHours(), 'm+': this.getMinutes(), 's+': this.getSeconds()};
  if (/(y+)/i.test(format)) format = format.replace(RegExp.$1, String(this.getFullYear()).slice(4 - RegExp.$1.length));
  for (const i in args) { const n = args[i]; if (new RegExp(`(${i})`).test(format)) format = format.replace(RegExp.$1, RegExp.$1.length === 1 ? n : ('00' + n).slice(-2)); }
  return format;
};
return [new Date(2026, 10, 9).format('YYYY/MM/dd'), new Date(0).format('yyyyMMddhhmmss')];
