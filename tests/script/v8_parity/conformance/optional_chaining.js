const res = {data: {items: [{price: 0}, null], f() { return this.items.length; }}};
const n = null;
let count = 0;
const side = () => ++count;
let 默认 = null, 零 = 0, 空 = '';
默认 ??= '有'; 零 ||= 5; 空 &&= 'x';
return [res?.data?.items?.[0]?.price ?? '无', res.data.items[1]?.price ?? '无', res.data.f?.(), res.data.g?.(side()), n?.[side()], n?.a.b.c.d,
  count, 默认, 零, 空, delete n?.a, (res?.data).items.length, 0 ?? 1, '' || '空', res?.['data']?.['f']?.call({items: 'abc'}), typeof n?.x];
