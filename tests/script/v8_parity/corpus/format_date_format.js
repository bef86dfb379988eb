Date.prototype.Format = function (fmt) {
  var o = {'M+': this.getMonth() + 1, 'd+': this.getDate(), 'h+': this.getHours(), 'm+': this.getMinutes(), 's+': this.getSeconds(), 'q+': Math.floor((this.getMonth() + 3) / 3), 'S': this.getMilliseconds()};
  if (/(y+)/.test(fmt)) fmt = fmt.replace(RegExp.$1, (this.getFullYear() + '').substr(4 - RegExp.$1.length));
  for (var k in o) if (new RegExp('(' + k + ')').test(fmt)) fmt = fmt.replace(RegExp.$1, (RegExp.$1.length == 1) ? (o[k]) : (('00' + o[k]).substr(('' + o[k]).length)));
  return fmt;
};
const d = new Date(2026, 2, 2, 9, 5, 7, 8);
return ['yyyy-MM-dd hh:mm:ss', 'yy年M月d日', 'yyyy-MM-dd hh:mm:ss.S', '第q季度'].map(f => d.Format(f));
