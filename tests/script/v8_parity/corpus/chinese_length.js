const s = '合同😀𠮷编号';
return [s.length, [...s].length, s.charAt(2), s.codePointAt(2), Array.from(s)[3], encodeURIComponent('张三').length, s.split('').length, s.at(-1)];
