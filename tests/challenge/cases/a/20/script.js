const fen = Math.round(form.金额 * 100);
const paid = await $proxy('finance').$api('pay').$body({
  account: form.账号,
  amount: fen,
}).$call();
form.流水号 = paid.data.no;
