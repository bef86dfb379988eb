Number.prototype.toFixed2 = function () { return (Math.round(this * 100) / 100).toString(); };
return [(1.005).toFixed2(), (2).toFixed2(), (1.999).toFixed2()];
