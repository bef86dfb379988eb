'a,b;c'.split(/([,;])/);
const one = RegExp.$1;
[...'k1=v1'.matchAll(/(\w)(\d)/g)];
return [one, RegExp.$1, RegExp.$2, 'x-y'.search(/(y)/), RegExp.$1, RegExp.input];
