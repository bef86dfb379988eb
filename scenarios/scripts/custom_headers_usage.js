// 打开表单时，用页面的函数带自定义请求头查询
return await callApiWithCustomHeaders();
