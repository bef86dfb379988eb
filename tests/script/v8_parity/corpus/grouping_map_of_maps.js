const m = new Map();
for (const [地区, 月, 额] of [['华东', 1, 3], ['华东', 2, 4], ['华南', 1, 5]]) {
  if (!m.has(地区)) m.set(地区, new Map());
  m.get(地区).set(月, 额);
}
console.log(m);
return [...m].map(([k, v]) => [k, [...v.values()].reduce((a, b) => a + b)]);
