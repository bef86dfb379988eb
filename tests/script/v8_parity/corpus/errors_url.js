const u = new URL('https://例子.测试:8443/路径/a b?x=1&名=张三#h');
u.searchParams.set('x', '二'); u.searchParams.append('y', 'a&b');
console.log(u.href, u.host, [...u.searchParams.keys()]);
return [u.search, new URL('../z', u).pathname, new URLSearchParams({q: '张 三'}).toString()];
