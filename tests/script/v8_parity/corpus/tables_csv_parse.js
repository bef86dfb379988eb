const csv = '姓名,金额,备注\n张三,"1,200","说""好"""\n李四,50,';
const parse = t => t.split('\n').map(l => [...l.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)].slice(0, 3).map(m => m[1].replace(/^"|"$/g, '').replace(/""/g, '"')));
console.log(parse(csv));
return parse(csv).length;
