const size = b => { const u = ['B', 'KB', 'MB', 'GB']; const i = b ? Math.floor(Math.log(b) / Math.log(1024)) : 0; return (b / 1024 ** i).toFixed(i ? 1 : 0) + u[i]; };
return [0, 1023, 1024, 1536, 1048576, 5e9].map(size);
