const row = {extra: '{}', tags: ['x']};
const copy = {...row, ...row.extra, tags: [...row.tags, ...'yz']};
console.log(copy);
const {extra, ...rest} = copy;
return rest;
