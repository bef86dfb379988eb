const url = new URL('https://crm.example.com:8443/客户/列表?page=2&名=张三#top');
console.log(url);
console.log({搜索: url.searchParams}, [new URLSearchParams()], new URLSearchParams({a: 1, b: "it's"}));
console.log('%s %j', url, {嵌: {套: {层: url}}});
