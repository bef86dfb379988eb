let last;
for (let tries = 0; tries < 3; tries += 1) {
  try {
    const answer = await $proxy('erp').getStock(form.物料);
    if (answer?.code !== 0 || !answer.data) throw new Error(answer?.message ?? '没有内容');
    form.库存 = answer.data.quantity;
    return;
  } catch (error) {
    last = error;
    await new Promise(resolve => setTimeout(resolve, 500 * (tries + 1)));
  }
}
form.库存 = null;
form.$message = { type: 'error', text: `库存没有查到：${last.message}` };
