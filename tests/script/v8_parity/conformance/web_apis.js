const u = new URL('/路径?a=1&b=张#片', 'https://用户:密@例子.测试:8443');
u.searchParams.append('c', 'x y');
const q = new URLSearchParams({名: '张三', n: 1});
const e = new TextEncoder().encode('合同😀');
const 克 = structuredClone({d: new Date(0), m: new Map([[1, {a: [1]}]]), n: null});
return [u.href, u.host, u.pathname, u.search, q.toString(), [...q.keys()], [...e], new TextDecoder().decode(e), btoa('abc'), atob('YWJj'), 克.m.get(1), 克.d, /^[0-9a-f-]{36}$/.test(crypto.randomUUID()), crypto.getRandomValues(new Uint8Array(4)).length, typeof queueMicrotask, typeof structuredClone, new URL('a/../b', 'http://x/y/z').href, URL.canParse?.('坏')];
