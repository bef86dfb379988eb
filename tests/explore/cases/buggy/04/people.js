const names = [];
await Promise.all(form.成员.map(id => $proxy('qywx').getUser(id).then(user => {
  if (user.errcode !== 0) throw new Error(user.errmsg);
  names.push(user.name);
})));
form.名单 = names;
form.主联系人 = names[0];
