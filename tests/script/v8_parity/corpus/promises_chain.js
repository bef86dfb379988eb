return Promise.resolve(1).then(x => x + 1).then(x => { throw new Error('到' + x); }).catch(e => e.message).then(m => m + '，恢复').finally(() => '忽略');
