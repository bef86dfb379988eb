const overlap = (a, b) => a[0] < b[1] && b[0] < a[1];
const t = s => new Date(`2026-03-02T${s}:00+08:00`);
const 会议 = [[t('09:00'), t('10:00')], [t('09:30'), t('11:00')], [t('10:00'), t('10:30')]];
const out = [];
for (let i = 0; i < 会议.length; i++) for (let j = i + 1; j < 会议.length; j++) out.push([i, j, overlap(会议[i], 会议[j])]);
console.log(out);
return out.filter(x => x[2]).length;
