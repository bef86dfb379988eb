return ['<a><b>'.match(/<.+>/)[0], '<a><b>'.match(/<.+?>/)[0], 'aaa'.match(/a{2}/)[0], /(a+)(b*)/.exec('caab').slice(1), 'xAyBz'.split(/[A-Z]/)];
