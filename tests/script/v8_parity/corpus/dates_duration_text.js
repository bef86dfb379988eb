const dur = ms => { const s = Math.floor(ms / 1000); return [Math.floor(s / 3600), Math.floor(s % 3600 / 60), s % 60].map(n => `${n}`.padStart(2, '0')).join(':'); };
return [0, 59999, 3600000, 90061000].map(dur);
