const flat = [{id: 1, pid: 0, n: '总部'}, {id: 2, pid: 1, n: '财务'}, {id: 3, pid: 1, n: '人事'}, {id: 4, pid: 3, n: '招聘'}];
const tree = (pid = 0) => flat.filter(x => x.pid === pid).map(x => { const children = tree(x.id); return children.length ? {名: x.n, children} : {名: x.n}; });
console.log(tree());
console.log(JSON.stringify(tree(), null, 2));
return tree();
