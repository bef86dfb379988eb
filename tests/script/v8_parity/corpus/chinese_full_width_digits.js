const half = s => s.replace(/[０-９Ａ-Ｚａ-ｚ]/g, c => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/　/g, ' ');
return ['１２３', 'ＡＢＣ　ｘｙｚ', '电话：１３８００１３８０００', '混合1２3'].map(half);
