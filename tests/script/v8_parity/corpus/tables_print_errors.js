try { null.x; } catch (e) { console.log(e instanceof TypeError, e.name); }
console.log({e: String(new RangeError('界'))}, `${new Error('')}`, String(Object.assign(new Error('m'), {name: 'N'})));
return Object.getOwnPropertyNames(new Error('x')).includes('message');
