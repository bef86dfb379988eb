const results = await Promise.allSettled(form.抄送.map(async id => {
  const answer = await $proxy('qywx').sendTextMessage(id, '合同已归档，请知悉');
  if (answer?.errcode !== 0) throw new Error(answer?.errmsg ?? '没有内容');
}));
const missing = form.抄送.filter((_, index) => results[index].status === 'rejected');
for (const result of results) if (result.reason) console.error('抄送失败', result.reason.message);
form.状态 = missing.length ? `没有抄送到：${missing.join('、')}` : '已抄送';
