const d = new Date(Date.UTC(2026, 11, 31, 16, 30));
return [d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getUTCFullYear(), d.getUTCDate(), d.getTimezoneOffset()];
