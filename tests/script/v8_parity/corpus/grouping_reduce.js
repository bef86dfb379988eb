const 明细 = [{部门: '销售', 额: 10}, {部门: '研发', 额: 5}, {部门: '销售', 额: 7.5}];
const sum = 明细.reduce((acc, {部门, 额}) => ({...acc, [部门]: (acc[部门] || 0) + 额}), {});
console.log(sum);
return sum;
