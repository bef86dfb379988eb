const m = '2026-03-02'.match(/(?<年>\d{4})-(?<月>\d\d)-(?<日>\d\d)/);
console.log({...m.groups});
return [m.groups.年, m.index, '2026-03-02'.replace(/(?<y>\d+)-(?<m>\d+)-(?<d>\d+)/, '$<d>/$<m>/$<y>')];
