const bankers = n => { const f = Math.floor(n), d = n - f; return d < .5 ? f : d > .5 ? f + 1 : f % 2 ? f + 1 : f; };
return [0.5, 1.5, 2.5, -0.5, 2.4999].map(n => [Math.round(n), bankers(n), Math.trunc(n), Math.ceil(n), Math.floor(n)]);
