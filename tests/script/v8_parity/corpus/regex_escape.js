const esc = s => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
return [esc('1+1=2?'), 'a.b.c'.replace(new RegExp(esc('.'), 'g'), '-'), 'a.b'.replaceAll('.', '|')];
