const d = new Date('2026-03-02T05:04:05Z');
console.log(d.toLocaleString('zh-TW'), d.toLocaleDateString('zh-TW', {weekday: 'long', year: 'numeric', month: 'long', day: 'numeric'}), d.toLocaleTimeString('zh-HK'), d.toLocaleDateString('zh-HK'));
console.log((1234.5).toLocaleString('zh-TW', {style: 'currency', currency: 'TWD'}), (88).toLocaleString('zh-HK', {style: 'currency', currency: 'HKD'}), d.toLocaleTimeString('zh-TW', {timeStyle: 'short'}));
