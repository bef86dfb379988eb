const sticky = /\d/y;
const r = [];
sticky.lastIndex = 1;
r.push(sticky.test('a1'), sticky.lastIndex, sticky.test('a1'), sticky.lastIndex);
const g = /张/g;
r.push(g.test('张三'), g.lastIndex, g.test('张三'), g.lastIndex);
const d = /(?<姓>张)(三)?/d.exec('找张');
r.push(d.indices[0], d.indices.groups.姓, d.indices[2]);
r.push(String(new RegExp('a/b\n', 'gi')), /[\u4e00-\u9fa5]/.test('合'), RegExp.prototype.flags, /x/dgimsuy.flags);
r.push('aaa'.lastIndexOf('a'), '合同合同'.replaceAll('合', '和'), 'x'.replace('x', '$$&$&'), '1-2'.replace(/(\d)-(\d)/, '$2-$1'));
r.push(/^[\w.+-]+@\w+\.\w{2,}$/.test('zhang@例.com'), /^1[3-9]\d{9}$/.test('13800138000'), /\bfoo\b/.test('a foo b'));
try { 'a'.matchAll(/a/) } catch (e) { r.push(e.name) }
try { new RegExp('(') } catch (e) { r.push(e.name) }
return r;
