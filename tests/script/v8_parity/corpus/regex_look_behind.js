return ['¥12 $34 ¥56'.match(/(?<=¥)\d+/g), '1px 2em'.replace(/(?<!\d)\d(?=em)/, 'N'), 'ab12'.split(/(?<=[a-z])(?=\d)/), 'price: 5元'.match(/\d+(?=元)/)[0]];
