// 选择申请人后带出姓名；通讯录出错时提示，不清空已填的姓名
try {
  const user = await $proxy('qywx', { caller: '选择申请人' }).getUser(form.userid);
  if (user?.errcode !== 0) throw Object.assign(new Error(user?.errmsg), { code: user?.errcode });
  form.userName = user.name;
} catch (error) {
  form.$message = { type: 'error', text: `通讯录暂时不可用（${error.code}），请稍后再试` };
}
