const users = await Promise.all(form.成员.map(id => $proxy('qywx').getUser(id)));
const wrong = users.find(user => user?.errcode !== 0);
if (users.some(user => user?.errcode !== 0)) {
  form.$message = { type: 'error', text: `通讯录没有查全：${wrong?.errmsg ?? '没有内容'}` };
  return;
}
form.名单 = users.map(user => user.name);
form.主联系人 = form.名单[0];
