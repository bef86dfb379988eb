const esc = s => s.replace(/[^\x00-\x7f]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
const un = s => s.replace(/\\u([\da-f]{4})/gi, (_, h) => String.fromCharCode(parseInt(h, 16)));
console.log(esc('张三A😀'), un(esc('张三A😀')), JSON.stringify('张\u2028三\ud800'));
return un('\\u5f20');
