const re = /\s*(?:(\d+)|(.))/y, out = [];
let m;
while ((m = re.exec('12 + 3*4')) && m[0]) out.push(m[1] ?? m[2]);
return out;
