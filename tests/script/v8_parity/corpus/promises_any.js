console.log(await Promise.any([Promise.reject(1), new Promise(r => setTimeout(r, 1, '成'))]));
try { await Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]); } catch (e) { return [e.name, e.errors.map(x => x.message), e.message]; }
