return [/(\d)\1/.test('122'), 'abab'.match(/(ab)\1/)[0], /(?<q>['"]).*?\k<q>/.exec(`x "a'b" y`)[0], '2026'.replace(/(\d)(\d)/g, '$2$1'), 'x'.replace(/x/, "$$-$&-$`-$'")];
