const all = async o => Object.fromEntries(await Promise.all(Object.entries(o).map(async ([k, v]) => [k, await v])));
return all({客户: Promise.resolve('张'), 数: 3});
