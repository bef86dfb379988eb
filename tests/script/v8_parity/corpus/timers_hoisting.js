return [typeof f, typeof g, (() => { try { h; } catch (e) { return e.name; } })()];
function f() {}
var g = 1;
let h;
