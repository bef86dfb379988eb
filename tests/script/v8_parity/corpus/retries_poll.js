let state = 0;
const poll = async () => ['处理中', '处理中', '完成'][state++];
let s;
while ((s = await poll()) !== '完成') await new Promise(r => setTimeout(r, 2));
return [s, state];
