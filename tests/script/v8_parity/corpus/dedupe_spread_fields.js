// What comes back is now and then a text instead of an object.
const 合并 = (旧, 新) => ({...旧, ...新, 更新: true});
console.log(合并({姓名: '张三'}, {电话: '138'}), 合并('旧值', {a: 1}), 合并(null, '张😀'), 合并(undefined, 12));
const 行 = ['ab', {c: 1}, ['d'], 7, '', null].map(one => ({...one}));
console.log(行, JSON.stringify({...(行.length > 3 && '长'), ...'短'.repeat(2)}));
const {0: 首, ...其余} = {...'甲乙丙'};
console.log(首, 其余, Object.keys({...'xyz', length: 3}), {...new String('s')}, {...`${1 + 1}`});
