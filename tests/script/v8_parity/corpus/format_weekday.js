const d = new Date(2026, 2, 1);
return Array.from({length: 7}, (_, i) => '星期' + '日一二三四五六'.charAt(new Date(+d + i * 864e5).getDay()));
