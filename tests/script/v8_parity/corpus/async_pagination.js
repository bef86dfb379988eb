const db = Array.from({length: 7}, (_, i) => i + 1);
const fetchPage = async (p, size = 3) => ({list: db.slice((p - 1) * size, p * size), total: db.length});
let page = 1, all = [], res;
do { res = await fetchPage(page++); all = all.concat(res.list); } while (all.length < res.total);
return {all, 页数: page - 1};
