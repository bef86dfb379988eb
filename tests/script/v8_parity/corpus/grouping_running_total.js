let t = 0;
return [3, -1, 4.5].map(v => (t += v));
