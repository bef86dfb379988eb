return ['①', '㎡', 'ﾃ', 'Ａ１', '㈱', 'é'].map(s => [s.normalize('NFKC'), s.normalize('NFD').length]);
