return [/^.$/.test('😀'), /^.$/u.test('😀'), '😀a'.match(/./gu).length, /\u{1F600}/u.test('😀'), /[^\x00-\xff]/.test('中'), /\bword\b/.test('word中'), /\w/.test('中')];
