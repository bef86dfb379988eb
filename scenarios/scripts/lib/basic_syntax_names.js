// The names that the page's basic syntax leaves to its reader.
const options = { instance_key: 'default', caller: '接口调用方法' };
const 参数 = '12345';
