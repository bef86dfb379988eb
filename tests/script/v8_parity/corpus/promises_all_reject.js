try { await Promise.all([Promise.resolve(1), Promise.reject(new Error('一个坏')), 3]); } catch (e) { return e.message; }
