const cache = new Map(); let hits = 0;
const get = k => cache.has(k) ? cache.get(k) : (hits++, cache.set(k, Promise.resolve(k.toUpperCase())).get(k));
return [await Promise.all(['a', 'b', 'a'].map(get)), hits];
