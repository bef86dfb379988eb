const memo = {};
function tax(level) {
  if (memo[level] !== undefined) return memo[level];
  memo[level] = level === '一般' ? 0.13 : 0.03;
  return memo[level];
}
form.税率 = form.明细.map(row => tax(row.类型));
