const c = [..."合同合同编号合"].reduce((m, x) => (m[x] = (m[x] || 0) + 1, m), {});
console.log(c);
return Object.entries(c).filter(([, n]) => n > 1).map(([k, n]) => k + n);
