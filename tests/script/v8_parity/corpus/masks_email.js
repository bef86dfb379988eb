return ['zhang.san@example.com', 'a@b.cn', 'bad'].map(e => e.replace(/^(.)(.*)(?=@)/, (_, f, r) => f + r.replace(/./g, '*')));
