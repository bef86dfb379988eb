console.log({...'ab'}, {...'张三', x: 1}, {...null, ...undefined, ...1, ...[7]});
return Object.assign({}, 'ab');
