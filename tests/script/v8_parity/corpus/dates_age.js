function 年龄(身份证, 今天 = new Date(2026, 2, 2)) {
  const 生日 = 身份证.slice(6, 14);
  const y = +生日.slice(0, 4), m = +生日.slice(4, 6), d = +生日.slice(6);
  let age = 今天.getFullYear() - y;
  if (今天.getMonth() + 1 < m || (今天.getMonth() + 1 === m && 今天.getDate() < d)) age--;
  return age;
}
return ['110101199003021234', '110101199003031234', '11010120000229001X'].map(s => 年龄(s));
