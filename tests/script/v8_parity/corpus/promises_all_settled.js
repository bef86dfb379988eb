const r = await Promise.allSettled([1, Promise.reject('坏'), Promise.reject(new RangeError('界'))]);
console.log(r.slice(0, 2));
return r.map(x => x.status + ':' + (x.value ?? x.reason.message ?? x.reason));
