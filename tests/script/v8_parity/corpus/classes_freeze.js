const o = Object.freeze({a: 1, in: {b: 2}});
'use strict';
o.a = 9; o.in.b = 3; delete o.a;
console.log(o);
return [Object.isFrozen(o), (() => { 'use strict'; try { o.a = 1; } catch (e) { return e.name; } })()];
