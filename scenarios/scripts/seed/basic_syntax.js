// 获取接口代理对象
const proxy = $proxy('平台标识', options);

// 调用接口
const result = await proxy.接口方法名(参数);
