// 同步到外部系统
const answer = await $proxy('external_system', { caller: '同步' })
  .$api('some_api')
  .$header({ 'X-Client-Version': '2.0.0' })
  .$call();
form.version = answer.data.clientVersion;
