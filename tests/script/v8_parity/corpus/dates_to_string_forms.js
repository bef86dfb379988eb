const d = new Date(2026, 2, 2, 9, 5, 7, 8);
console.log(d.toString()); console.log(d.toDateString(), d.toTimeString());
console.log(d.toISOString(), d.toJSON(), d.toUTCString());
console.log(d.toLocaleString(), d.toLocaleDateString(), d.toLocaleTimeString());
return String(d) + '|' + JSON.stringify({d}) + '|' + (d + 1);
