// 金额超过五万元：说明必填
const large = form.amount > 50000;
form.$visible = { reason: large };
form.$required = { reason: large };
if (large) {
  form.$message = { type: 'warning', text: `金额 ${form.amount} 元超过五万元，请填写说明` };
}
